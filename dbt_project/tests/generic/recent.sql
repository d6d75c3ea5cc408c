{# The newest row is at most `days` older than the newest of another model: a pipeline that stopped feeding one of the two.
   No wall clock: two tables of one warehouse are compared, so a closed day judged again gives the same answer. #}
{% test recent(model, column_name, other, other_column, days) %}
select
    here.newest as here_newest,
    there.newest as there_newest
from (select max({{ column_name }}) as newest from {{ model }}) as here
cross join (select max({{ other_column }}) as newest from {{ other }}) as there
where
    there.newest is not null
    and (here.newest is null or here.newest < {{ dbt.dateadd('day', -days, 'there.newest') }})
{% endtest %}
