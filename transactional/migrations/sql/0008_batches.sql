-- A batch is read from its JSON once, into arrays: the planner knows how long an array is, but takes every JSON set for 100 rows and joined two
-- of 1,000 in nested loops. Looking up an account or an entry is a subquery of its own, so it is always one step into an index, however large the
-- table has grown since it was last analysed.
create type app.entry_draft as (
    n integer,
    entry_id uuid,
    idempotency_key text,
    payload_hash bytea,
    kind text,
    effective_at timestamptz,
    recorded_at timestamptz,
    reverses_id uuid,
    description text
);

-- The entries of a batch, each with an id and the time it is known.
create function app.entry_drafts_of(entries jsonb, known_at timestamptz) returns app.entry_draft[] language sql volatile as $$
    select array_agg((g.n, coalesce(g.entry_id, app.new_id(coalesce(g.recorded_at, known_at))), g.idempotency_key, decode(g.payload_hash, 'hex'),
                      g.kind, g.effective_at, coalesce(g.recorded_at, known_at), g.reverses_id, g.description)::app.entry_draft)
    from jsonb_to_recordset(entries) as g (n integer, idempotency_key text, payload_hash text, kind text, effective_at timestamptz,
                                           recorded_at timestamptz, entry_id uuid, reverses_id uuid, description text)
$$;

-- The lines of the entries that were claimed; null when one of their accounts is not open yet.
create function app.posting_drafts_of(lines jsonb, claimed app.entry_draft[]) returns app.posting_draft[] language plpgsql as $$
declare
    drafts app.posting_draft[];
    is_missing boolean;
begin
    select array_agg((f.n, f.entry_id, f.effective_at, f.line, f.account_id, f.currency, f.amount_minor, f.intent_id, f.attempt_id,
                      f.psp_reference, f.modification_reference, f.backed_by_id)::app.posting_draft),
        bool_or(f.account_id is null or (f.backed_by is not null and f.backed_by_id is null))
    into drafts, is_missing
    from (
        select c.entry_id, c.effective_at, p.*,
            (select a.account_id from app.accounts a where a.code = p.code and a.currency = p.currency) as account_id,
            (select a.account_id from app.accounts a where a.code = p.backed_by and a.currency = p.currency) as backed_by_id
        from jsonb_to_recordset(lines) as p (n integer, line integer, code text, currency text, amount_minor bigint, intent_id uuid,
                                             attempt_id uuid, psp_reference text, modification_reference text, backed_by text)
        join unnest(claimed) c on c.n = p.n
    ) f;
    return case when is_missing then null else coalesce(drafts, '{}') end;
end $$;

-- Whether the drafts of a batch can be booked as they stand, as one set: nothing back-dated, no floor reached at any step, nothing to repay.
create or replace function app.is_plain(drafts app.posting_draft[]) returns boolean language sql stable as $$
    select not exists (
        select from unnest(drafts) d
        where d.backed_by_id is not null and d.intent_id is not null
          and (select true from app.postings p where p.intent_id = d.intent_id and p.account_id = d.backed_by_id limit 1)
    )
    and not exists (
        select from (
            select m.moved_minor, m.effective_at, m.floor_minor, m.funds_minor,
                sum(m.moved_minor) over earlier_and_this as running_minor,
                greatest(m.last_effective_at, max(m.effective_at) over earlier_and_this) as latest_at
            from (
                select d.n, d.account_id, d.effective_at, b.floor_minor, b.last_effective_at,
                    b.normal_sign * b.posted_minor - b.held_minor as funds_minor, sum(b.normal_sign * d.amount_minor) as moved_minor
                from unnest(drafts) d join app.balances b on b.account_id = d.account_id
                group by d.n, d.account_id, d.effective_at, b.account_id
            ) m
            window earlier_and_this as (partition by m.account_id order by m.n)
        ) s
        where s.moved_minor < 0 and (s.funds_minor + s.running_minor < s.floor_minor or s.effective_at < s.latest_at)
    )
$$;

-- Books the drafts of a batch: as one set where that gives the same answer as one after the other, else one after the other.
create function app.book_drafts(drafts app.posting_draft[]) returns void language plpgsql as $$
declare
    one record;
begin
    perform from app.balances b where b.account_id in (select d.account_id from unnest(drafts) d) order by b.account_id for update;
    if not app.is_plain(drafts) then
        for one in select array_agg(d order by d.line) as lines from unnest(drafts) d group by d.n order by d.n loop
            perform app.book_entry(one.lines);
        end loop;
        return;
    end if;
    insert into app.postings (entry_id, line, account_id, currency, amount_minor, intent_id, attempt_id, psp_reference, modification_reference)
    select d.entry_id, d.line, d.account_id, d.currency, d.amount_minor, d.intent_id, d.attempt_id, d.psp_reference, d.modification_reference
    from unnest(drafts) d;
    update app.balances b
    set posted_minor = b.posted_minor + s.moved_minor, last_effective_at = greatest(b.last_effective_at, s.latest_at)
    from (select d.account_id, sum(d.amount_minor) as moved_minor, max(d.effective_at) as latest_at from unnest(drafts) d group by d.account_id) s
    where b.account_id = s.account_id;
end $$;

-- batch: {entries: [{n, idempotency_key, ... as for app.post_entry, without postings}], postings: [{n, ...}]}; n is the position in the batch.
-- All or nothing; the same answers as calling app.post_entry in order. A key that comes twice is one entry.
create or replace function app.post_batch(batch jsonb) returns table (n integer, posted_id uuid, was_replayed boolean) language plpgsql
set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
    said constant app.entry_draft[] := app.entry_drafts_of(batch -> 'entries', clock_timestamp());
    firsts constant app.entry_draft[] := array(select distinct on (s.idempotency_key) s from unnest(said) s order by s.idempotency_key, s.n);
    claimed app.entry_draft[];
    claimed_ids uuid[];
    claimed_ns integer[];
    drafts app.posting_draft[];
    conflict record;
    reversal_ids uuid[];
begin
    with claims as (
        insert into app.journal_entries (entry_id, idempotency_key, payload_hash, kind, effective_at, recorded_at, reverses_id, description)
        select f.entry_id, f.idempotency_key, f.payload_hash, f.kind, f.effective_at, f.recorded_at, f.reverses_id, f.description
        from unnest(firsts) f
        on conflict (idempotency_key) do nothing
        returning entry_id
    )
    select array_agg(c.entry_id) into claimed_ids from claims c;
    claimed := array(select f from unnest(firsts) f where f.entry_id = any (claimed_ids));
    claimed_ns := array(select c.n from unnest(claimed) c);

    select s.n, e.entry_id into conflict
    from unnest(said) s join app.journal_entries e on e.idempotency_key = s.idempotency_key
    where s.n <> all (claimed_ns) and e.payload_hash <> s.payload_hash limit 1;
    if found then
        perform app.refuse('idempotency_conflict', 'this idempotency key was used with another body',
                           jsonb_build_object('entry_id', conflict.entry_id, 'n', conflict.n));
    end if;

    drafts := app.posting_drafts_of(batch -> 'postings', claimed);
    if drafts is null then
        perform app.open_missing(batch -> 'postings', said[1].recorded_at);
        drafts := app.posting_drafts_of(batch -> 'postings', claimed);
    end if;
    reversal_ids := array(select c.entry_id from unnest(claimed) c where c.reverses_id is not null);
    if cardinality(reversal_ids) > 0 then
        perform app.check_reversal_times(reversal_ids);
    end if;
    perform app.book_drafts(drafts);
    for i in 1 .. cardinality(reversal_ids) loop
        perform app.check_reversal(reversal_ids[i]);
    end loop;

    return query
    select s.n, case when s.n = any (claimed_ns) then s.entry_id
                     else (select e.entry_id from app.journal_entries e where e.idempotency_key = s.idempotency_key) end,
        s.n <> all (claimed_ns)
    from unnest(said) s order by s.n;
end $$;

-- As before, with each account asked once for all its lines.
create or replace function app.check_new_postings() returns trigger language plpgsql as $$
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
            select from (select distinct p.account_id, p.currency from new_postings p) n
            where (select a.currency from app.accounts a where a.account_id = n.account_id) is distinct from n.currency
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
