-- Each line of an entry is looked at once. That an entry gets all its lines in one statement was asked by counting them in the table; now every statement
-- has to bring line 1 of each of its entries, which the primary key lets happen once. That they add up is asked at commit, where nothing can follow.
create or replace function app.check_new_postings() returns trigger language plpgsql as $$
declare
    is_late boolean;
    is_astray boolean;
begin
    select bool_or((select e.txid from app.journal_entries e where e.entry_id = n.entry_id) is distinct from pg_current_xact_id() or n.first_line <> 1),
        bool_or(n.is_astray)
    into is_late, is_astray
    from (
        select p.entry_id, min(p.line) as first_line,
            bool_or((select a.currency from app.accounts a where a.account_id = p.account_id) is distinct from p.currency) as is_astray
        from new_postings p group by p.entry_id
    ) n;
    if is_late then
        perform app.refuse('append_only', 'an entry gets all its postings at once, from line 1 on, in its own transaction');
    elsif is_astray then
        perform app.refuse('unknown_account', 'a posting needs an open account of its own currency');
    end if;
    return null;
end $$;

-- As before; only an entry of several currencies, or one that is off, is added up by currency.
create or replace function app.check_entry() returns trigger language plpgsql as $$
declare
    line_count bigint;
    is_doubtful boolean;
begin
    select count(*), sum(p.amount_minor) <> 0 or min(p.currency) <> max(p.currency) into line_count, is_doubtful
    from app.postings p where p.entry_id = new.entry_id;
    if line_count = 0 then
        perform app.refuse('empty_entry', 'an entry without postings', jsonb_build_object('entry_id', new.entry_id));
    elsif is_doubtful then
        perform from app.postings p where p.entry_id = new.entry_id group by p.currency having sum(p.amount_minor) <> 0;
        if found then
            perform app.refuse('unbalanced', 'the postings of an entry must add up to zero in each currency', jsonb_build_object('entry_id', new.entry_id));
        end if;
    end if;
    return null;
end $$;

-- As before, but a line that goes to its backing account as a whole keeps its number: every entry has a line 1.
create or replace function app.book_entry(drafts app.posting_draft[]) returns void language plpgsql as $$
declare
    brings_funds boolean;
    draft app.posting_draft;
    rest app.posting_draft;
    booked app.posting_draft[] := '{}';
    locked app.balances[];
    at_index integer;
    kept bigint;
    next_line integer := 1;
begin
    foreach draft in array drafts loop
        if coalesce(draft.amount_minor, 0) = 0 then
            perform app.refuse('zero_amount', 'a posting of nothing', jsonb_build_object('n', draft.n, 'line', draft.line));
        end if;
        next_line := greatest(next_line, draft.line + 1);
    end loop;
    locked := array(
        select b from app.balances b
        where b.account_id = any (array(select d.account_id from unnest(drafts) d)) order by b.account_id for update
    );
    foreach brings_funds in array array[true, false] loop
        foreach draft in array drafts loop
            at_index := null;
            for i in 1 .. cardinality(locked) loop
                if locked[i].account_id = draft.account_id then
                    at_index := i;
                end if;
            end loop;
            continue when brings_funds <> (coalesce(locked[at_index].normal_sign * draft.amount_minor, 1) > 0);
            kept := draft.amount_minor;
            if at_index is not null then
                kept := app.kept_minor(draft, locked[at_index]);
            end if;
            if kept <> draft.amount_minor then
                rest := draft;
                rest.account_id := draft.backed_by_id;
                rest.amount_minor := draft.amount_minor - kept;
                if kept <> 0 then
                    rest.line := next_line;
                    next_line := next_line + 1;
                end if;
                booked := booked || rest;
            end if;
            if kept <> 0 then
                draft.amount_minor := kept;
                booked := booked || draft;
                if at_index is not null then
                    locked[at_index].posted_minor := locked[at_index].posted_minor + kept;
                    locked[at_index].last_effective_at := greatest(locked[at_index].last_effective_at, draft.effective_at);
                end if;
            end if;
        end loop;
    end loop;
    for i in 1 .. cardinality(locked) loop
        update app.balances b set posted_minor = locked[i].posted_minor, last_effective_at = locked[i].last_effective_at
        where b.account_id = locked[i].account_id;
    end loop;
    insert into app.postings (entry_id, line, account_id, currency, amount_minor, intent_id, attempt_id, psp_reference, modification_reference)
    select d.entry_id, d.line, d.account_id, d.currency, d.amount_minor, d.intent_id, d.attempt_id, d.psp_reference, d.modification_reference
    from unnest(booked) d;
end $$;

-- As before; the answer is two values, not a query.
create or replace function app.post_entry(entry jsonb) returns table (posted_id uuid, was_replayed boolean) language plpgsql as $$
declare
    known_at constant timestamptz := coalesce((entry ->> 'recorded_at')::timestamptz, clock_timestamp());
    happened_at constant timestamptz := (entry ->> 'effective_at')::timestamptz;
    reversed_id constant uuid := (entry ->> 'reverses_id')::uuid;
    new_id uuid;
    drafts app.posting_draft[];
    is_plain boolean;
    floored_id uuid;
    floored_minor bigint;
begin
    insert into app.journal_entries (entry_id, idempotency_key, payload_hash, kind, effective_at, recorded_at, reverses_id, description)
    values (coalesce((entry ->> 'entry_id')::uuid, app.new_id(known_at)), entry ->> 'idempotency_key', decode(entry ->> 'payload_hash', 'hex'),
            entry ->> 'kind', happened_at, known_at, reversed_id, entry ->> 'description')
    on conflict (idempotency_key) do nothing
    returning entry_id into new_id;
    if new_id is null then
        return query select app.first_answer(entry ->> 'idempotency_key', decode(entry ->> 'payload_hash', 'hex')), true;
        return;
    end if;
    -- nearly every entry: open accounts, one of them with a floor, no other account that stands in
    select array_agg((1, new_id, happened_at, p.line, a.account_id, p.currency, p.amount_minor, p.intent_id, p.attempt_id,
                      p.psp_reference, p.modification_reference, null)::app.posting_draft order by p.line),
        count(*) = count(a.account_id) and count(a.floor_minor) = 1 and count(p.backed_by) = 0 and count(nullif(p.amount_minor, 0)) = count(*),
        (array_agg(a.account_id) filter (where a.floor_minor is not null))[1],
        sum(p.amount_minor) filter (where a.floor_minor is not null)
    into drafts, is_plain, floored_id, floored_minor
    from jsonb_to_recordset(entry -> 'postings') as p (line integer, code text, currency text, amount_minor bigint, intent_id uuid, attempt_id uuid,
                                                       psp_reference text, modification_reference text, backed_by text)
    left join lateral (select c.account_id, c.floor_minor from app.accounts c where c.code = p.code and c.currency = p.currency) a on true;
    if is_plain and reversed_id is null then
        update app.balances b
        set posted_minor = b.posted_minor + floored_minor, last_effective_at = greatest(b.last_effective_at, happened_at)
        where b.account_id = floored_id and (
            b.normal_sign * floored_minor > 0
            or (b.normal_sign * (b.posted_minor + floored_minor) - b.held_minor >= b.floor_minor
                and happened_at >= coalesce(b.last_effective_at, '-infinity')));
        if found then
            insert into app.postings (entry_id, line, account_id, currency, amount_minor, intent_id, attempt_id, psp_reference, modification_reference)
            select d.entry_id, d.line, d.account_id, d.currency, d.amount_minor, d.intent_id, d.attempt_id, d.psp_reference, d.modification_reference
            from unnest(drafts) d;
            posted_id := new_id;
            was_replayed := false;
            return next;
            return;
        end if;
    end if;
    drafts := app.drafts_of(entry -> 'postings', new_id, happened_at);
    if drafts is null then
        perform app.open_missing(entry -> 'postings', known_at);
        drafts := app.drafts_of(entry -> 'postings', new_id, happened_at);
    end if;
    if reversed_id is not null then
        perform app.check_reversal_times(array[new_id]);
    end if;
    perform app.book_entry(drafts);
    if reversed_id is not null then
        perform app.check_reversal(new_id);
    end if;
    return query select new_id, false;
end $$;
