-- Refusals of the ledger have SQLSTATE class CR; the detail is a JSON object. The service maps them to Refused(code).
create function app.refuse(refusal_code text, reason text, facts jsonb default '{}') returns void language plpgsql as $$
begin
    raise exception using errcode = 'CR001', message = reason, detail = jsonb_build_object('code', refusal_code) || facts;
end $$;

-- Facts are appended. A statement that would change them is refused even when it touches no row, and under replica mode too.
create function app.refuse_change() returns trigger language plpgsql as $$
begin
    perform app.refuse('append_only', format('%s.%s is append-only: %s is refused, correct it with a new fact',
                                             tg_table_schema, tg_table_name, lower(tg_op)));
    return null;
end $$;

do $$
declare
    fact text;
begin
    foreach fact in array array['account_classes', 'accounts', 'journal_entries', 'postings', 'holds', 'hold_events'] loop
        execute format('create trigger %I before update or delete or truncate on app.%I
                        for each statement execute function app.refuse_change()', fact || '_are_append_only', fact);
        execute format('alter table app.%I enable always trigger %I', fact, fact || '_are_append_only');
    end loop;
end $$;

-- All lines of an entry come in one statement of the transaction that wrote the entry, and balance there: nothing can be added to an entry later,
-- not even in the same transaction after its deferred check was forced to run early.
create function app.check_new_postings() returns trigger language plpgsql as $$
declare
    is_off boolean;
    is_late boolean;
    is_astray boolean;
begin
    select exists (select from new_postings p group by p.entry_id, p.currency having sum(p.amount_minor) <> 0),
        exists (
            select from (select p.entry_id, count(*) as line_count from new_postings p group by p.entry_id) n
            where (select e.txid from app.journal_entries e where e.entry_id = n.entry_id) is distinct from pg_current_xact_id()
               or (select count(*) from app.postings p where p.entry_id = n.entry_id) <> n.line_count
        ),
        exists (
            select from new_postings p
            where (select a.currency from app.accounts a where a.account_id = p.account_id) is distinct from p.currency
        )
    into is_off, is_late, is_astray;
    if is_off then
        perform app.refuse('unbalanced', 'the postings of an entry must add up to zero in each currency');
    elsif is_late then
        perform app.refuse('append_only', 'an entry gets all its postings at once, in its own transaction');
    elsif is_astray then
        perform app.refuse('unknown_account', 'a posting needs an open account of its own currency');
    end if;
    return null;
end $$;

create trigger postings_come_balanced after insert on app.postings
referencing new table as new_postings for each statement execute function app.check_new_postings();
alter table app.postings enable always trigger postings_come_balanced;

create function app.check_entry() returns trigger language plpgsql as $$
declare
    line_count bigint;
    is_off boolean;
begin
    select coalesce(sum(c.line_count), 0), coalesce(bool_or(c.total <> 0), false) into line_count, is_off
    from (select count(*) as line_count, sum(p.amount_minor) as total
          from app.postings p where p.entry_id = new.entry_id group by p.currency) c;
    if line_count = 0 then
        perform app.refuse('empty_entry', 'an entry without postings', jsonb_build_object('entry_id', new.entry_id));
    elsif is_off then
        perform app.refuse('unbalanced', 'the postings of an entry must add up to zero in each currency', jsonb_build_object('entry_id', new.entry_id));
    end if;
    return null;
end $$;

create constraint trigger entries_balance after insert on app.journal_entries
deferrable initially deferred for each row execute function app.check_entry();
alter table app.journal_entries enable always trigger entries_balance;

-- The service inserts facts, but never chooses a transaction id (the landing watermark relies on it) and changes nothing but the caches.
do $$
declare
    fact text;
    columns text;
begin
    foreach fact in array array['accounts', 'journal_entries', 'postings', 'holds', 'hold_events'] loop
        select string_agg(quote_ident(attname), ', ' order by attnum) into columns
        from pg_attribute where attrelid = format('app.%I', fact)::regclass and attnum > 0 and attname <> 'txid';
        execute format('revoke insert on app.%I from countroom_service', fact);
        execute format('grant insert (%s) on app.%I to countroom_service', columns, fact);
    end loop;
end $$;
revoke insert on app.account_classes from countroom_service;
grant update (posted_minor, held_minor, last_effective_at) on app.balances to countroom_service;
grant update (remaining_minor), delete on app.open_holds to countroom_service;
