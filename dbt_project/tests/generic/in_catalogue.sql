{# Every word used is in the registry it comes from (exported as derived.<catalogue>). Null is not a word. #}
{% test in_catalogue(model, column_name, catalogue, word=None) %}
select model.{{ column_name }}
from {{ model }} as model
left join {{ source('catalogues', catalogue) }} as catalogue
    on model.{{ column_name }} = catalogue.{{ word or column_name }}
where
    model.{{ column_name }} is not null
    and catalogue.{{ word or column_name }} is null
{% endtest %}
