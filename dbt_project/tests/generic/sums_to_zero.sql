{# Double entry: the column adds up to nothing in each group. #}
{% test sums_to_zero(model, column_name, group_by) %}
select
    {{ group_by | join(', ') }},
    sum({{ column_name }}) as rest
from {{ model }}
group by {{ group_by | join(', ') }}
having sum({{ column_name }}) <> 0
{% endtest %}
