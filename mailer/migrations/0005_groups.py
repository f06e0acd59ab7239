"""The two groups of staff. Marketers do the mailing; operators vouch for senders and can stop everything.

Permissions are otherwise made after all migrations, which is too late for groups that hold them.
"""

from django.apps import apps as installed
from django.contrib.auth.management import create_permissions
from django.db import migrations

MARKETER = (
    "view_sender",
    "add_mailinglist", "change_mailinglist", "view_mailinglist",
    "add_contact", "view_contact",
    "add_subscription", "view_subscription",
    "add_import", "view_import",
    "add_campaign", "change_campaign", "delete_campaign", "view_campaign",
    "launch_campaign", "testsend_campaign",
    "view_testaddress",
    "view_suppression",
)
OPERATOR = (
    *MARKETER,
    "add_sender", "change_sender", "delete_sender", "attest_sender",
    "delete_mailinglist",
    "change_contact", "delete_contact",
    "change_subscription", "delete_subscription",
    "add_testaddress", "change_testaddress", "delete_testaddress",
    "add_suppression",
    "view_evidence",
    "view_killswitch", "turn_killswitch",
)


def make_groups(apps, schema_editor):  # noqa: ANN001, ANN201  Django's signature
    grant(apps, schema_editor, Marketer=MARKETER, Operator=OPERATOR)


def grant(apps, schema_editor, **codenames_of):  # noqa: ANN001, ANN003, ANN201
    """Give groups permissions, for later migrations with new tables too."""
    create_permissions(
        installed.get_app_config("mailer"), apps=apps, verbosity=0, using=schema_editor.connection.alias
    )
    permissions = apps.get_model("auth", "Permission").objects.filter(content_type__app_label="mailer")
    for name, codenames in codenames_of.items():
        group, _ = apps.get_model("auth", "Group").objects.get_or_create(name=name)
        group.permissions.add(*permissions.filter(codename__in=codenames))


class Migration(migrations.Migration):
    dependencies = [
        ("mailer", "0004_pgmq"),
        ("auth", "0012_alter_user_first_name_max_length"),
        ("contenttypes", "0002_remove_content_type_name"),
    ]
    operations = [
        migrations.AlterModelOptions(
            name="sender",
            options={
                "ordering": ["trade_name"],
                "permissions": [("attest_sender", "Can attest a sender's names and address")],
            },
        ),
        migrations.RunPython(make_groups, migrations.RunPython.noop),
    ]
