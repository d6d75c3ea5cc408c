{# What engines spell differently. Everything else in a model is standard SQL (performance.md A.4). #}

{# Wall clock time in a zone: an instant becomes a timestamp without zone. #}
{% macro local_time(instant, zone) %}{{ return(adapter.dispatch('local_time')(instant, zone)) }}{% endmacro %}
{% macro default__local_time(instant, zone) %}({{ instant }} at time zone {{ zone }}){% endmacro %}
{% macro spark__local_time(instant, zone) %}from_utc_timestamp({{ instant }}, {{ zone }}){% endmacro %}

{# Whole days from one date to another: PostgreSQL and DuckDB subtract, Spark has a function. #}
{% macro days_between(earlier, later) %}{{ return(adapter.dispatch('days_between')(earlier, later)) }}{% endmacro %}
{% macro default__days_between(earlier, later) %}cast({{ later }} - {{ earlier }} as integer){% endmacro %}
{% macro spark__days_between(earlier, later) %}datediff({{ later }}, {{ earlier }}){% endmacro %}

{# The civil date of an instant in UTC. #}
{% macro utc_date(instant) %}cast({{ local_time(instant, "'UTC'") }} as date){% endmacro %}

{# The date the book of an account gives to an instant: transactional/vocabulary/time.py business_date.
   `shift_seconds` is 0 for a book that closes at midnight, else what moves its cut-off to midnight. #}
{% macro business_date(instant, zone, shift_seconds) -%}
    cast(
            {{ dbt.dateadd('second', shift_seconds, local_time(instant, zone)) }}
            as date
        )
{%- endmacro %}

{# sum(bigint) is numeric in PostgreSQL and hugeint in DuckDB: money stays bigint. #}
{% macro sum_minor(expression) %}cast(coalesce(sum({{ expression }}), 0) as bigint){% endmacro %}

{# How many rows meet a condition. #}
{% macro count_where(condition) %}cast(coalesce(sum(case when {{ condition }} then 1 else 0 end), 0) as bigint){% endmacro %}

{# A uuid as 32 hex digits, as item keys print it. #}
{% macro hex_id(column) %}replace(cast({{ column }} as {{ dbt.type_string() }}), '-', ''){% endmacro %}

{# Ids are text in the marts: the same on every engine. #}
{% macro text_id(column) %}cast({{ column }} as {{ dbt.type_string() }}){% endmacro %}

{# The instant a civil date begins in UTC: for sources that print a date and no time. #}
{% macro start_of_utc_day(day) %}{{ return(adapter.dispatch('start_of_utc_day')(day)) }}{% endmacro %}
{% macro default__start_of_utc_day(day) %}(cast({{ day }} as timestamp) at time zone 'UTC'){% endmacro %}
{% macro spark__start_of_utc_day(day) %}to_utc_timestamp(cast({{ day }} as timestamp), 'UTC'){% endmacro %}

{# The sum of amount_minor over the rows that meet a condition; null when they are in more than one currency, or none. #}
{% macro one_currency_sum(condition) -%}
    case
            when min(case when {{ condition }} then currency end) = max(case when {{ condition }} then currency end)
                then cast(sum(case when {{ condition }} then amount_minor end) as bigint)
        end
{%- endmacro %}

{# The hour in UTC an instant lies in, as the instant it begins. #}
{% macro utc_hour(instant) %}{{ return(adapter.dispatch('utc_hour')(instant)) }}{% endmacro %}
{% macro default__utc_hour(instant) %}(date_trunc('hour', {{ local_time(instant, "'UTC'") }}) at time zone 'UTC'){% endmacro %}
{% macro spark__utc_hour(instant) %}to_utc_timestamp(date_trunc('hour', {{ local_time(instant, "'UTC'") }}), 'UTC'){% endmacro %}

{# Whole seconds since that hour began, 0 to 3599: the same in every zone whose offset is in whole hours, and asked in UTC. #}
{% macro second_of_hour(instant) -%}
    cast(
            extract(minute from {{ local_time(instant, "'UTC'") }}) * 60 + floor(extract(second from {{ local_time(instant, "'UTC'") }}))
            as integer
        )
{%- endmacro %}
