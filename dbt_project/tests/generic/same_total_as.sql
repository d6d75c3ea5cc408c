{# Integrity at both ends: per group, this model and another have the same count and the same sum. Groups on one side only differ too.
   `measure` is summed here, `other_measure` there (default: the same expression); count(*) unless `count` / `other_count` say otherwise.
   `absent_is_zero`: rows of the two sides are not the same things, so that only sums are compared: a group that one side has not is zero there. #}
{% test same_total_as(model, other, measure, group_by, other_measure=None, other_group_by=None, count='count(*)', other_count='count(*)', where=None, other_where=None, absent_is_zero=false) %}
{%- set other_group = other_group_by or group_by %}
with here as (
    select
        {% for column in group_by %}{{ column }} as group_{{ loop.index }}, {% endfor %}
        {{ count }} as row_count,
        cast(coalesce(sum({{ measure }}), 0) as bigint) as total_minor
    from {{ model }}
    {% if where %}where {{ where }}{% endif %}
    group by {{ group_by | join(', ') }}
),

there as (
    select
        {% for column in other_group %}{{ column }} as group_{{ loop.index }}, {% endfor %}
        {{ other_count }} as row_count,
        cast(coalesce(sum({{ other_measure or measure }}), 0) as bigint) as total_minor
    from {{ other }}
    {% if other_where %}where {{ other_where }}{% endif %}
    group by {{ other_group | join(', ') }}
)

select
    here.row_count as here_count,
    there.row_count as there_count,
    here.total_minor as here_minor,
    there.total_minor as there_minor
from here
full outer join there
    on {% for column in group_by %}here.group_{{ loop.index }} = there.group_{{ loop.index }}{{ ' and ' if not loop.last }}{% endfor %}
where
    {% if absent_is_zero %}coalesce(here.total_minor, 0) <> coalesce(there.total_minor, 0)
    {%- else %}here.row_count is null
    or there.row_count is null
    or here.row_count <> there.row_count
    or here.total_minor <> there.total_minor
    {%- endif %}
{% endtest %}
