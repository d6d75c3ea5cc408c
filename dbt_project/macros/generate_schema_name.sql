{# A model's schema is its layer, or its domain for a mart: models/marts/<domain>/ lies in schema <domain>. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set folders = node.fqn[1:] -%}
    {%- if node.resource_type != 'model' -%}
        {{ target.schema }}
    {%- elif folders[0] == 'marts' -%}
        {{ folders[1] }}
    {%- else -%}
        {{ folders[0] }}
    {%- endif -%}
{%- endmacro %}
