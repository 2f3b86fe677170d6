"""Say of the deliveries that are over since when they are, as far as it is known."""

from django.db import migrations
from django.db.models import F


def settle(apps, schema_editor):
    rows = apps.get_model("webhook_alerts", "Delivery").objects.using(schema_editor.connection.alias)
    over = rows.filter(settled_at=None)
    over.filter(state="delivered").update(settled_at=F("delivered_at"))
    over.filter(state__in=["failed", "suppressed"]).update(settled_at=F("owed_since"))


class Migration(migrations.Migration):
    dependencies = [("webhook_alerts", "0002_operator")]
    operations = [migrations.RunPython(settle, migrations.RunPython.noop)]
