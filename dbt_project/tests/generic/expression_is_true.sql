{# A money identity holds in every row; a row where it is null fails too. #}
{% test expression_is_true(model, expression, where=None) %}
select *
from {{ model }}
where
    {% if where %}({{ where }}) and {% endif -%}
    not coalesce({{ expression }}, false)
{% endtest %}
