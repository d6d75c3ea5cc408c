-- Holds: funds set aside, captured in parts, then released or expired; resolved at most once. Every operation on a hold locks its account's balance
-- first, so two of them never decide on the same remainder. app.open_holds is the cache of what is still held; the facts are holds and hold_events.

-- A hold goes by its id, its public id or the idempotency key it was placed with; all of them mean the same row, hence the same state.
create function app.hold_id_of(reference text) returns uuid language plpgsql stable as $$
declare
    found_id uuid;
begin
    select h.hold_id into found_id from app.holds h
    where h.hold_id = (case when reference ~ '^(hld_)?([0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$' then replace(reference, 'hld_', '') end)::uuid;
    if found_id is null then
        select h.hold_id into found_id from app.holds h where h.idempotency_key = reference;
    end if;
    if found_id is null then
        perform app.refuse('unknown_hold', 'there is no such hold');
    end if;
    return found_id;
end $$;

-- Volatile on purpose: it must see what the function it is joined to has just written.
create function app.hold_state(wanted_id uuid)
returns table (hold_id uuid, code text, currency text, amount_minor bigint, captured_minor bigint, ended_as text, expires_at timestamptz, intent_id uuid)
language sql volatile as $$
    select h.hold_id, a.code, a.currency, h.amount_minor,
        coalesce((select sum(e.amount_minor) from app.hold_events e where e.hold_id = h.hold_id and e.kind = 'captured'), 0)::bigint,
        (select e.kind from app.hold_events e where e.hold_id = h.hold_id and e.kind <> 'captured'),
        h.expires_at, h.intent_id
    from app.holds h join app.accounts a on a.account_id = h.account_id
    where h.hold_id = wanted_id
$$;

-- hold: {code, currency, amount_minor, idempotency_key, payload_hash (hex), hold_id?, intent_id?, expires_at?, recorded_at?}
create function app.place_hold(hold jsonb) returns uuid language plpgsql as $$
declare
    known_at constant timestamptz := coalesce((hold ->> 'recorded_at')::timestamptz, clock_timestamp());
    wanted_minor constant bigint := (hold ->> 'amount_minor')::bigint;
    balance app.balances;
    earlier app.holds;
    new_id uuid;
    held_account_id uuid;
begin
    perform app.open_missing(jsonb_build_array(hold), known_at);
    select a.account_id into held_account_id from app.accounts a
    join app.balances b on b.account_id = a.account_id
    where a.code = hold ->> 'code' and a.currency = hold ->> 'currency';
    if not found then
        perform app.refuse('no_floor', format('%s has no floor, so nothing can be held on it', hold ->> 'code'));
    end if;

    insert into app.holds (hold_id, account_id, amount_minor, idempotency_key, payload_hash, intent_id, expires_at, recorded_at)
    values (coalesce((hold ->> 'hold_id')::uuid, app.new_id(known_at)), held_account_id, wanted_minor, hold ->> 'idempotency_key',
            decode(hold ->> 'payload_hash', 'hex'), (hold ->> 'intent_id')::uuid, (hold ->> 'expires_at')::timestamptz, known_at)
    on conflict (idempotency_key) do nothing returning hold_id into new_id;
    if new_id is null then
        select * into earlier from app.holds h where h.idempotency_key = hold ->> 'idempotency_key';
        if earlier.payload_hash <> decode(hold ->> 'payload_hash', 'hex') then
            perform app.refuse('idempotency_conflict', 'this idempotency key was used with another body', jsonb_build_object('hold_id', earlier.hold_id));
        end if;
        return earlier.hold_id;
    end if;

    select * into balance from app.balances b where b.account_id = held_account_id for update;
    if balance.normal_sign * balance.posted_minor - balance.held_minor - balance.floor_minor < wanted_minor then
        perform app.refuse('insufficient_funds', 'the account does not have the funds to hold', jsonb_build_object(
            'account_id', held_account_id, 'wanted_minor', wanted_minor,
            'available_minor', balance.normal_sign * balance.posted_minor - balance.held_minor - balance.floor_minor));
    end if;
    update app.balances b set held_minor = b.held_minor + wanted_minor where b.account_id = held_account_id;
    insert into app.open_holds (hold_id, account_id, remaining_minor, expires_at)
    values (new_id, held_account_id, wanted_minor, (hold ->> 'expires_at')::timestamptz);
    return new_id;
end $$;

-- Takes `taken_minor` out of an open hold; the caller holds the lock on its balance.
create function app.reduce_hold(wanted_id uuid, event_kind text, taken_minor bigint, booked_id uuid, known_at timestamptz) returns void
language plpgsql as $$
begin
    delete from app.open_holds o where o.hold_id = wanted_id and o.remaining_minor = taken_minor;
    if not found then
        update app.open_holds o set remaining_minor = o.remaining_minor - taken_minor where o.hold_id = wanted_id;
    end if;
    insert into app.hold_events (hold_id, event_no, kind, amount_minor, entry_id, recorded_at)
    select wanted_id, coalesce(max(e.event_no), 0) + 1, event_kind, taken_minor, booked_id, known_at
    from app.hold_events e where e.hold_id = wanted_id;
end $$;

-- Moves money out of a hold: the entry must debit the held account (net) by no more than remains. One key, one capture.
create function app.capture_hold(reference text, entry jsonb) returns table (posted_id uuid, was_replayed boolean) language plpgsql as $$
declare
    known_at constant timestamptz := coalesce((entry ->> 'recorded_at')::timestamptz, clock_timestamp());
    wanted_id constant uuid := app.hold_id_of(reference);
    remainder app.open_holds;
    balance app.balances;
    taken_minor bigint;
    new_id uuid;
begin
    select b.* into balance from app.balances b join app.holds h on h.account_id = b.account_id where h.hold_id = wanted_id for update of b;
    new_id := app.first_answer(entry ->> 'idempotency_key', decode(entry ->> 'payload_hash', 'hex'));
    if new_id is not null then
        return query select new_id, true;
        return;
    end if;
    select * into remainder from app.open_holds o where o.hold_id = wanted_id;
    if not found or remainder.expires_at <= known_at then
        perform app.refuse('closed_hold', 'the hold is no longer open', jsonb_build_object('hold_id', wanted_id));
    end if;
    select -balance.normal_sign * sum(p.amount_minor) into taken_minor
    from jsonb_to_recordset(entry -> 'postings') as p (code text, currency text, amount_minor bigint)
    join app.accounts a on a.code = p.code and a.currency = p.currency
    where a.account_id = balance.account_id;
    if coalesce(taken_minor, 0) <= 0 then
        perform app.refuse('not_a_capture', 'the entry takes nothing from the held account', jsonb_build_object('hold_id', wanted_id));
    elsif taken_minor > remainder.remaining_minor then
        perform app.refuse('hold_exceeded', 'the capture is larger than what remains of the hold', jsonb_build_object(
            'hold_id', wanted_id, 'wanted_minor', taken_minor, 'remaining_minor', remainder.remaining_minor));
    end if;
    update app.balances b set held_minor = b.held_minor - taken_minor where b.account_id = balance.account_id;
    select p.posted_id into new_id from app.post_entry(entry) p;
    perform app.reduce_hold(wanted_id, 'captured', taken_minor, new_id, known_at);
    return query select new_id, false;
end $$;

-- Gives back what remains. A second release changes nothing and answers the same; a captured or expired hold cannot be released.
create function app.release_hold(reference text, known_at timestamptz) returns uuid language plpgsql as $$
declare
    wanted_id constant uuid := app.hold_id_of(reference);
    balance app.balances;
    left_minor bigint;
    ending text;
begin
    select b.* into balance from app.balances b join app.holds h on h.account_id = b.account_id where h.hold_id = wanted_id for update of b;
    select o.remaining_minor into left_minor from app.open_holds o where o.hold_id = wanted_id;
    if not found then
        ending := coalesce((select e.kind from app.hold_events e where e.hold_id = wanted_id and e.kind <> 'captured'), 'captured');
        if ending <> 'released' then
            perform app.refuse('closed_hold', format('the hold is %s', ending), jsonb_build_object('hold_id', wanted_id, 'ended_as', ending));
        end if;
        return wanted_id;
    end if;
    update app.balances b set held_minor = b.held_minor - left_minor where b.account_id = balance.account_id;
    perform app.reduce_hold(wanted_id, 'released', left_minor, null, known_at);
    return wanted_id;
end $$;

-- Ends every open hold whose time has come by `moment`. Accounts are locked in order.
create function app.expire_holds(moment timestamptz) returns setof uuid language plpgsql as $$
declare
    locked uuid[];
begin
    select array_agg(l.account_id) into locked from (
        select b.account_id from app.balances b
        where b.account_id in (select o.account_id from app.open_holds o where o.expires_at <= moment)
        order by b.account_id for update
    ) l;
    return query
    with gone as (
        delete from app.open_holds o where o.expires_at <= moment and o.account_id = any (locked)
        returning o.hold_id, o.account_id, o.remaining_minor
    ), recorded as (
        insert into app.hold_events (hold_id, event_no, kind, amount_minor, recorded_at)
        select g.hold_id, coalesce((select max(e.event_no) from app.hold_events e where e.hold_id = g.hold_id), 0) + 1, 'expired', g.remaining_minor, moment
        from gone g
    ), given_back as (
        update app.balances b set held_minor = b.held_minor - s.total
        from (select g.account_id, sum(g.remaining_minor)::bigint as total from gone g group by g.account_id) s
        where b.account_id = s.account_id
    )
    select g.hold_id from gone g order by g.hold_id;
end $$;
