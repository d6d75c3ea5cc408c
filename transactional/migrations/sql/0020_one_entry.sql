-- One entry, one statement a step. Nearly every entry has open accounts, one of them with a floor, and nobody who stands in: then the floor is checked by
-- the update that moves the balance, and no account is looked up twice. Whatever is otherwise (a floor that would be broken, a debit dated before the
-- last one, an account to open, a reversal) goes the long way, which decides and has the words.
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
            return query select new_id, false;
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
