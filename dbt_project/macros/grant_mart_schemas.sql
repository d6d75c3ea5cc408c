{# Readers may look into the schemas of the marts this run built; a routing service into what is served to it. #}
{% macro grant_mart_schemas() -%}
    {%- if execute and target.type == 'postgres' -%}
        {%- set built = [] -%}
        {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.fqn[1] == 'marts' -%}
            {%- if node.schema not in built and adapter.check_schema_exists(target.database, node.schema) -%}
                {%- do built.append(node.schema) -%}
            {%- endif -%}
        {%- endfor -%}
        {%- if built -%} grant usage on schema {{ built | join(', ') }} to countroom_reader; {%- endif -%}
        {%- if 'serve' in built %} grant usage on schema serve to countroom_router {%- endif -%}
    {%- endif -%}
{%- endmacro %}
