-- The chart in the database: classes, whose they are, and which have a floor (the same list as transactional/ledger/accounts.py; a test compares).
create table app.account_classes (
    account_class text constraint pk_account_classes primary key,
    normal_side text not null constraint ck_account_classes_normal_side check (normal_side in ('debit', 'credit')),
    subject text not null,
    floor_minor bigint
);

insert into app.account_classes (account_class, normal_side, subject, floor_minor) values
    ('player_cash', 'credit', 'player', 0),
    ('player_bonus', 'credit', 'player', 0),
    ('player_pending_withdrawal', 'credit', 'player', 0),
    ('poker_table_escrow', 'credit', 'table', null),
    ('house_revenue', 'credit', 'nobody', null),
    ('rake', 'credit', 'nobody', null),
    ('bonus_cost', 'debit', 'nobody', null),
    ('psp_receivable', 'debit', 'merchant_account', null),
    ('psp_reserve', 'debit', 'merchant_account', null),
    ('psp_payout_in_transit', 'debit', 'merchant_account', null),
    ('bank', 'debit', 'iban', null),
    ('fee_expense', 'debit', 'fee_kind', null),
    ('fx_gain_loss', 'credit', 'nobody', null),
    ('chargeback_receivable', 'debit', 'nobody', null),
    ('suspense', 'credit', 'psp', null);

create table app.accounts (
    account_id uuid constraint pk_accounts primary key,
    code text not null,
    account_class text not null
        constraint fk_accounts_account_class_account_classes references app.account_classes (account_class),
    currency text not null constraint ck_accounts_currency check (currency ~ '^[A-Z]{3}$'),
    player_id uuid,
    psp text,
    merchant_account text,
    floor_minor bigint,
    created_at timestamptz not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint uq_accounts_code_currency unique (code, currency)
);
create index ix_accounts_player_id on app.accounts (player_id);
create index ix_accounts_txid on app.accounts (txid);

create table app.journal_entries (
    entry_id uuid constraint pk_journal_entries primary key,
    idempotency_key text not null constraint uq_journal_entries_idempotency_key unique,
    payload_hash bytea not null constraint ck_journal_entries_payload_hash check (octet_length(payload_hash) = 32),
    kind text not null constraint ck_journal_entries_kind check (kind <> ''),
    effective_at timestamptz not null constraint ck_journal_entries_effective_at check (isfinite(effective_at)),
    recorded_at timestamptz not null constraint ck_journal_entries_recorded_at check (isfinite(recorded_at)),
    reverses_id uuid
        constraint uq_journal_entries_reverses_id unique
        constraint fk_journal_entries_reverses_id_journal_entries references app.journal_entries (entry_id),
    description text,
    txid xid8 not null default pg_current_xact_id()
);
create index ix_journal_entries_txid on app.journal_entries (txid);

-- No foreign keys here: they would lock the account row of the house in every transaction and check row by row (half the time of a batch). The trigger
-- postings_come_balanced checks entry, account and currency set-based; entries and accounts are never deleted, so nothing can dangle later.
create table app.postings (
    entry_id uuid not null,
    line integer not null constraint ck_postings_line check (line > 0),
    account_id uuid not null,
    currency text not null,
    amount_minor bigint not null constraint ck_postings_amount check (amount_minor <> 0),
    intent_id uuid,
    attempt_id uuid,
    psp_reference text,
    modification_reference text,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_postings primary key (entry_id, line)
);
create index ix_postings_account_id on app.postings (account_id);
create index ix_postings_intent_id on app.postings (intent_id) where intent_id is not null;
create index ix_postings_txid on app.postings (txid);

-- Caches, the only rows of the ledger that change: one per account with a floor, one per open hold.
create table app.balances (
    account_id uuid
        constraint pk_balances primary key
        constraint fk_balances_account_id_accounts references app.accounts (account_id),
    normal_sign smallint not null constraint ck_balances_normal_sign check (normal_sign in (-1, 1)),
    posted_minor bigint not null default 0,
    held_minor bigint not null default 0 constraint ck_balances_held check (held_minor >= 0),
    floor_minor bigint not null,
    last_effective_at timestamptz,
    constraint ck_balances_floor check (normal_sign * posted_minor - held_minor >= floor_minor)
) with (fillfactor = 60);

-- References accounts, not balances: a key-share lock on a balance, taken before the lock for update, would make two holders deadlock.
create table app.holds (
    hold_id uuid constraint pk_holds primary key,
    account_id uuid not null constraint fk_holds_account_id_accounts references app.accounts (account_id),
    amount_minor bigint not null constraint ck_holds_amount check (amount_minor > 0),
    idempotency_key text not null constraint uq_holds_idempotency_key unique,
    payload_hash bytea not null constraint ck_holds_payload_hash check (octet_length(payload_hash) = 32),
    intent_id uuid,
    expires_at timestamptz constraint ck_holds_expires_at check (isfinite(expires_at)),
    recorded_at timestamptz not null,
    txid xid8 not null default pg_current_xact_id()
);
create index ix_holds_account_id on app.holds (account_id);
create index ix_holds_txid on app.holds (txid);

create table app.hold_events (
    hold_id uuid not null constraint fk_hold_events_hold_id_holds references app.holds (hold_id),
    event_no integer not null constraint ck_hold_events_event_no check (event_no > 0),
    kind text not null constraint ck_hold_events_kind check (kind in ('captured', 'released', 'expired')),
    amount_minor bigint not null constraint ck_hold_events_amount check (amount_minor > 0),
    entry_id uuid constraint fk_hold_events_entry_id_journal_entries references app.journal_entries (entry_id),
    recorded_at timestamptz not null,
    txid xid8 not null default pg_current_xact_id(),
    constraint pk_hold_events primary key (hold_id, event_no),
    constraint ck_hold_events_entry check ((kind = 'captured') = (entry_id is not null))
);
create unique index uq_hold_events_one_ending on app.hold_events (hold_id) where kind <> 'captured';
create index ix_hold_events_txid on app.hold_events (txid);

create table app.open_holds (
    hold_id uuid
        constraint pk_open_holds primary key
        constraint fk_open_holds_hold_id_holds references app.holds (hold_id),
    account_id uuid not null constraint fk_open_holds_account_id_accounts references app.accounts (account_id),
    remaining_minor bigint not null constraint ck_open_holds_remaining check (remaining_minor > 0),
    expires_at timestamptz
);
create index ix_open_holds_expires_at on app.open_holds (expires_at);
