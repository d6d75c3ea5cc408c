"""Player funds: the accounts of open bets, uncleared winnings, crystallised bonus and jackpots; the register of designated accounts.

Account classes are facts and append-only for everybody; only a downgrade takes the new ones away, and only while no account uses them (the foreign key
of app.accounts refuses otherwise).

Revision ID: 0015
Revises: 0014
"""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

CLASSES = """
insert into app.account_classes (account_class, normal_side, subject, floor_minor) values
    ('player_open_bets', 'credit', 'player', 0),
    ('player_winnings', 'credit', 'player', 0),
    ('player_crystallised_bonus', 'credit', 'player', 0),
    ('jackpot', 'credit', 'jackpot', null);
create table derived.designated_account_catalogue (
    holder text not null, account text not null, valid_from date not null, valid_until date not null,
    constraint pk_designated_account_catalogue primary key (holder, account, valid_from)
);
"""

DROP = """
drop table derived.designated_account_catalogue;
alter table app.account_classes disable trigger account_classes_are_append_only;
delete from app.account_classes where account_class in ('player_open_bets', 'player_winnings', 'player_crystallised_bonus', 'jackpot');
alter table app.account_classes enable always trigger account_classes_are_append_only;
"""


def upgrade() -> None:
    op.execute(CLASSES)


def downgrade() -> None:
    op.execute(DROP)
