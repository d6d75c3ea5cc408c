-- One posting is one call of app.post_entry; many are one call of app.post_batch. Only accounts with a row in app.balances are ever locked.
create type app.posting_draft as (
    n integer,
    entry_id uuid,
    effective_at timestamptz,
    line integer,
    account_id uuid,
    currency text,
    amount_minor bigint,
    intent_id uuid,
    attempt_id uuid,
    psp_reference text,
    modification_reference text,
    backed_by_id uuid
);

-- A UUIDv7 (RFC 9562), for servers that do not have the function yet.
create function app.new_id(moment timestamptz) returns uuid language sql volatile as $$
    select encode(set_bit(set_bit(
        overlay(uuid_send(gen_random_uuid())
                placing substring(int8send((extract(epoch from moment) * 1000)::bigint) from 3) from 1 for 6), 52, 1), 53, 1), 'hex')::uuid
$$;

-- The id of an account is a function of its name, so that the same world has the same ids and two openers agree.
create function app.account_id_of(code text, currency text) returns uuid language sql immutable as $$
    select encode(substring(sha256(convert_to(code || E'\x1f' || currency, 'UTF8')) from 1 for 16), 'hex')::uuid
$$;

-- refs: [{code, currency, floor_minor?}]. Opening an open account changes nothing; another floor than it has is refused.
create function app.open_accounts(refs jsonb, opened_at timestamptz) returns void language plpgsql as $$
declare
    wrong record;
begin
    select r.code into wrong
    from jsonb_to_recordset(refs) as r (code text, currency text)
    left join app.account_classes c on c.account_class = split_part(r.code, ':', 1)
    where c.account_class is null limit 1;
    if found then
        perform app.refuse('unknown_account', format('%s is not an account of the chart', left(wrong.code, 120)));
    end if;

    insert into app.accounts (account_id, code, account_class, currency, player_id, psp, merchant_account, floor_minor, created_at)
    select distinct on (r.code, r.currency)
        app.account_id_of(r.code, r.currency), r.code, c.account_class, r.currency,
        case when c.subject = 'player' then split_part(r.code, ':', 2)::uuid end,
        case when c.subject in ('psp', 'merchant_account') then split_part(r.code, ':', 2) end,
        case when c.subject = 'merchant_account' then split_part(r.code, ':', 3) end,
        coalesce(r.floor_minor, c.floor_minor), opened_at
    from jsonb_to_recordset(refs) as r (code text, currency text, floor_minor bigint)
    join app.account_classes c on c.account_class = split_part(r.code, ':', 1)
    order by r.code, r.currency
    on conflict (code, currency) do nothing;

    insert into app.balances (account_id, normal_sign, floor_minor)
    select distinct a.account_id, case c.normal_side when 'debit' then 1 else -1 end, a.floor_minor
    from jsonb_to_recordset(refs) as r (code text, currency text)
    join app.accounts a on a.code = r.code and a.currency = r.currency
    join app.account_classes c on c.account_class = a.account_class
    where a.floor_minor is not null
      and not exists (select from app.balances b where b.account_id = a.account_id)
    order by a.account_id
    on conflict (account_id) do nothing;

    select r.code into wrong
    from jsonb_to_recordset(refs) as r (code text, currency text, floor_minor bigint)
    join app.accounts a on a.code = r.code and a.currency = r.currency
    where r.floor_minor is distinct from a.floor_minor and r.floor_minor is not null limit 1;
    if found then
        perform app.refuse('floor_conflict', format('%s is open with another floor', wrong.code));
    end if;
end $$;

-- Opens whatever the postings name and is not open yet.
create function app.open_missing(lines jsonb, opened_at timestamptz) returns void language plpgsql as $$
declare
    missing jsonb;
begin
    select jsonb_agg(jsonb_build_object('code', m.code, 'currency', m.currency)) into missing
    from (
        select p.code, p.currency from jsonb_to_recordset(lines) as p (code text, currency text)
        union
        select p.backed_by, p.currency from jsonb_to_recordset(lines) as p (backed_by text, currency text) where p.backed_by is not null
    ) m
    where not exists (select from app.accounts a where a.code = m.code and a.currency = m.currency);
    if missing is not null then
        perform app.open_accounts(missing, opened_at);
    end if;
end $$;

-- The least funds the account has at any effective time from `since` on, if nothing else is booked. Answers a back-dated debit: it may not
-- overdraw the past either. Postings at one instant count together.
create function app.least_funds_since(wanted_id uuid, since timestamptz, normal_sign integer, posted_minor bigint) returns bigint language sql stable as $$
    select (normal_sign * posted_minor - greatest(0, max(s.later)))::bigint
    from (
        select sum(sum(normal_sign * p.amount_minor)) over (order by e.effective_at desc) as later
        from app.postings p join app.journal_entries e on e.entry_id = p.entry_id
        where p.account_id = wanted_id and e.effective_at > since
        group by e.effective_at
    ) s
$$;

-- What of one line stays on its locked account; the difference to the line's amount goes to its backing account.
create function app.kept_minor(draft app.posting_draft, balance app.balances) returns bigint language plpgsql as $$
declare
    room bigint;
    owed bigint;
begin
    if balance.normal_sign * draft.amount_minor < 0 then
        room := balance.normal_sign * balance.posted_minor - balance.held_minor;
        if draft.effective_at < balance.last_effective_at then
            room := least(room, app.least_funds_since(draft.account_id, draft.effective_at, balance.normal_sign, balance.posted_minor));
        end if;
        room := greatest(room - balance.floor_minor, 0);
        if abs(draft.amount_minor) <= room then
            return draft.amount_minor;
        elsif draft.backed_by_id is null then
            perform app.refuse('insufficient_funds', 'the account does not have the funds', jsonb_build_object(
                'account_id', draft.account_id, 'n', draft.n, 'wanted_minor', abs(draft.amount_minor), 'available_minor', room));
        end if;
        return -balance.normal_sign * room;
    elsif draft.backed_by_id is null or draft.intent_id is null then
        return draft.amount_minor;
    end if;
    owed := (select -balance.normal_sign * sum(p.amount_minor) from app.postings p
             where p.intent_id = draft.intent_id and p.account_id = draft.backed_by_id);
    return balance.normal_sign * greatest(abs(draft.amount_minor) - greatest(coalesce(owed, 0), 0), 0);
end $$;

-- Books the lines of one claimed entry: floors are decided here, under the lock, never from a balance read earlier.
-- Lines that bring funds come first; a debit that does not find its funds goes to its backing account or is refused; a credit repays it.
create function app.book_entry(drafts app.posting_draft[]) returns void language plpgsql as $$
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
                rest.line := next_line;
                rest.account_id := draft.backed_by_id;
                rest.amount_minor := draft.amount_minor - kept;
                booked := booked || rest;
                next_line := next_line + 1;
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

-- A reversal does not take effect before the entry it reverses; asked before anything is booked.
create function app.check_reversal_times(entry_ids uuid[]) returns void language plpgsql as $$
declare
    early_id uuid;
begin
    select r.entry_id into early_id
    from app.journal_entries r join app.journal_entries o on o.entry_id = r.reverses_id
    where r.entry_id = any (entry_ids) and r.effective_at < o.effective_at limit 1;
    if found then
        perform app.refuse('reversal_too_early', 'a reversal cannot take effect before the entry it reverses', jsonb_build_object('entry_id', early_id));
    end if;
end $$;

-- A reversal is the exact inverse of an earlier entry.
create function app.check_reversal(reversal_id uuid) returns void language plpgsql as $$
begin
    if exists (
        select from app.journal_entries r
        join app.postings p on p.entry_id in (r.entry_id, r.reverses_id)
        where r.entry_id = reversal_id
        group by p.account_id, abs(p.amount_minor), p.intent_id, p.attempt_id, p.psp_reference, p.modification_reference
        having sum(p.amount_minor) <> 0
            or count(*) filter (where p.entry_id = reversal_id) <> count(*) filter (where p.entry_id <> reversal_id)
    ) then
        perform app.refuse('not_an_inverse', 'a reversal must be the exact inverse of the entry it reverses', jsonb_build_object('entry_id', reversal_id));
    end if;
end $$;

-- The first answer to a key, or a conflict when the key was used with another body.
create function app.first_answer(wanted_key text, wanted_hash bytea) returns uuid language plpgsql as $$
declare
    earlier record;
begin
    select e.entry_id, e.payload_hash into earlier from app.journal_entries e where e.idempotency_key = wanted_key;
    if earlier.payload_hash is distinct from wanted_hash and earlier.entry_id is not null then
        perform app.refuse('idempotency_conflict', 'this idempotency key was used with another body', jsonb_build_object('entry_id', earlier.entry_id));
    end if;
    return earlier.entry_id;
end $$;

-- The lines of one entry with their accounts looked up one by one in the index; null when one of the accounts is not open yet.
create function app.drafts_of(lines jsonb, new_id uuid, happened_at timestamptz) returns app.posting_draft[] language plpgsql as $$
declare
    drafts app.posting_draft[];
    is_missing boolean;
begin
    select array_agg((1, new_id, happened_at, f.line, f.account_id, f.currency, f.amount_minor, f.intent_id, f.attempt_id,
                      f.psp_reference, f.modification_reference, f.backed_by_id)::app.posting_draft order by f.line),
        bool_or(f.account_id is null or (f.backed_by is not null and f.backed_by_id is null))
    into drafts, is_missing
    from (
        select p.*, (select a.account_id from app.accounts a where a.code = p.code and a.currency = p.currency) as account_id,
            (select a.account_id from app.accounts a where a.code = p.backed_by and a.currency = p.currency) as backed_by_id
        from jsonb_to_recordset(lines) as p (line integer, code text, currency text, amount_minor bigint, intent_id uuid, attempt_id uuid,
                                             psp_reference text, modification_reference text, backed_by text)
    ) f;
    if drafts is null then
        perform app.refuse('empty_entry', 'an entry without postings');
    end if;
    return case when not is_missing then drafts end;
end $$;

-- entry: {idempotency_key, payload_hash (hex), kind, effective_at, entry_id?, recorded_at?, reverses_id?, description?,
--         postings: [{line, code, currency, amount_minor, intent_id?, attempt_id?, psp_reference?, modification_reference?, backed_by?}]}
-- Two sessions with one key: the second waits for the first at the unique index, then gets its answer.
create function app.post_entry(entry jsonb) returns table (posted_id uuid, was_replayed boolean) language plpgsql as $$
declare
    known_at constant timestamptz := coalesce((entry ->> 'recorded_at')::timestamptz, clock_timestamp());
    happened_at constant timestamptz := (entry ->> 'effective_at')::timestamptz;
    new_id uuid;
    drafts app.posting_draft[];
begin
    insert into app.journal_entries (entry_id, idempotency_key, payload_hash, kind, effective_at, recorded_at, reverses_id, description)
    values (coalesce((entry ->> 'entry_id')::uuid, app.new_id(known_at)), entry ->> 'idempotency_key', decode(entry ->> 'payload_hash', 'hex'),
            entry ->> 'kind', happened_at, known_at, (entry ->> 'reverses_id')::uuid, entry ->> 'description')
    on conflict (idempotency_key) do nothing
    returning entry_id into new_id;
    if new_id is null then
        return query select app.first_answer(entry ->> 'idempotency_key', decode(entry ->> 'payload_hash', 'hex')), true;
        return;
    end if;
    drafts := app.drafts_of(entry -> 'postings', new_id, happened_at);
    if drafts is null then
        perform app.open_missing(entry -> 'postings', known_at);
        drafts := app.drafts_of(entry -> 'postings', new_id, happened_at);
    end if;
    if entry ->> 'reverses_id' is not null then
        perform app.check_reversal_times(array[new_id]);
    end if;
    perform app.book_entry(drafts);
    if entry ->> 'reverses_id' is not null then
        perform app.check_reversal(new_id);
    end if;
    return query select new_id, false;
end $$;

-- Whether the drafts of a batch can be booked as they stand, as one set: nothing back-dated, no floor reached at any step, nothing to repay.
create function app.is_plain(drafts app.posting_draft[]) returns boolean language sql stable as $$
    select not exists (
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
    and not exists (
        select from unnest(drafts) d
        join app.postings p on p.intent_id = d.intent_id and p.account_id = d.backed_by_id
    )
$$;

-- batch: {entries: [{n, idempotency_key, ... as above without postings}], postings: [{n, ... as above}]}; n is the position in the batch.
-- All or nothing; the same answers as calling app.post_entry in order. A key that comes twice is one entry.
create function app.post_batch(batch jsonb) returns table (n integer, posted_id uuid, was_replayed boolean) language plpgsql
set plan_cache_mode = force_custom_plan as $$
#variable_conflict use_column
declare
    now_at constant timestamptz := clock_timestamp();
    drafts app.posting_draft[];
    conflict record;
    one record;
begin
    perform app.open_missing(batch -> 'postings', coalesce((batch -> 'entries' -> 0 ->> 'recorded_at')::timestamptz, now_at));

    with first_of_key as (
        select distinct on (g.idempotency_key) g.*, coalesce(g.entry_id, app.new_id(coalesce(g.recorded_at, now_at))) as new_id
        from jsonb_to_recordset(batch -> 'entries') as g (n integer, idempotency_key text, payload_hash text, kind text, effective_at timestamptz,
                                                          recorded_at timestamptz, entry_id uuid, reverses_id uuid, description text)
        order by g.idempotency_key, g.n
    ), claimed as (
        insert into app.journal_entries (entry_id, idempotency_key, payload_hash, kind, effective_at, recorded_at, reverses_id, description)
        select f.new_id, f.idempotency_key, decode(f.payload_hash, 'hex'), f.kind, f.effective_at, coalesce(f.recorded_at, now_at), f.reverses_id, f.description
        from first_of_key f order by f.idempotency_key
        on conflict (idempotency_key) do nothing
        returning entry_id, idempotency_key, effective_at
    )
    select array_agg((f.n, c.entry_id, c.effective_at, p.line, a.account_id, p.currency, p.amount_minor, p.intent_id, p.attempt_id,
                      p.psp_reference, p.modification_reference, k.account_id)::app.posting_draft order by f.n, p.line) into drafts
    from claimed c
    join first_of_key f on f.idempotency_key = c.idempotency_key
    join jsonb_to_recordset(batch -> 'postings') as p (n integer, line integer, code text, currency text, amount_minor bigint, intent_id uuid,
                                                       attempt_id uuid, psp_reference text, modification_reference text, backed_by text) on p.n = f.n
    join app.accounts a on a.code = p.code and a.currency = p.currency
    left join app.accounts k on k.code = p.backed_by and k.currency = p.currency;

    select g.n, e.entry_id into conflict
    from jsonb_to_recordset(batch -> 'entries') as g (n integer, idempotency_key text, payload_hash text)
    join app.journal_entries e on e.idempotency_key = g.idempotency_key
    where e.payload_hash <> decode(g.payload_hash, 'hex') limit 1;
    if found then
        perform app.refuse('idempotency_conflict', 'this idempotency key was used with another body',
                           jsonb_build_object('entry_id', conflict.entry_id, 'n', conflict.n));
    end if;

    perform app.check_reversal_times(array(select distinct d.entry_id from unnest(drafts) d));
    perform from app.balances b where b.account_id in (select d.account_id from unnest(drafts) d) order by b.account_id for update;
    if app.is_plain(drafts) then
        insert into app.postings (entry_id, line, account_id, currency, amount_minor, intent_id, attempt_id, psp_reference, modification_reference)
        select d.entry_id, d.line, d.account_id, d.currency, d.amount_minor, d.intent_id, d.attempt_id, d.psp_reference, d.modification_reference
        from unnest(drafts) d;
        update app.balances b
        set posted_minor = b.posted_minor + s.moved_minor, last_effective_at = greatest(b.last_effective_at, s.latest_at)
        from (select d.account_id, sum(d.amount_minor) as moved_minor, max(d.effective_at) as latest_at from unnest(drafts) d group by d.account_id) s
        where b.account_id = s.account_id;
    else
        for one in select array_agg(d order by d.line) as lines from unnest(drafts) d group by d.n order by d.n loop
            perform app.book_entry(one.lines);
        end loop;
    end if;

    for one in
        select e.entry_id from (select distinct d.entry_id from unnest(drafts) d) f
        join app.journal_entries e on e.entry_id = f.entry_id where e.reverses_id is not null
    loop
        perform app.check_reversal(one.entry_id);
    end loop;

    return query
    select g.n, e.entry_id, d.n is null
    from jsonb_to_recordset(batch -> 'entries') as g (n integer, idempotency_key text)
    join app.journal_entries e on e.idempotency_key = g.idempotency_key
    left join (select distinct u.n from unnest(drafts) u) d on d.n = g.n
    order by g.n;
end $$;

-- The exact inverse of an entry, at most once; the same key again gets the first answer.
create function app.reverse_entry(original_id uuid, reversal jsonb) returns table (posted_id uuid, was_replayed boolean) language plpgsql as $$
declare
    original record;
    lines jsonb;
begin
    select e.entry_id, e.kind into original from app.journal_entries e where e.entry_id = original_id;
    if not found then
        perform app.refuse('unknown_entry', 'there is no such entry to reverse', jsonb_build_object('entry_id', original_id));
    end if;
    select jsonb_agg(jsonb_build_object(
        'line', p.line, 'code', a.code, 'currency', p.currency, 'amount_minor', -p.amount_minor, 'intent_id', p.intent_id,
        'attempt_id', p.attempt_id, 'psp_reference', p.psp_reference, 'modification_reference', p.modification_reference) order by p.line) into lines
    from app.postings p join app.accounts a on a.account_id = p.account_id where p.entry_id = original_id;
    return query select r.posted_id, r.was_replayed
    from app.post_entry(reversal || jsonb_build_object('kind', 'reversal', 'reverses_id', original_id, 'postings', lines)) r;
end $$;
