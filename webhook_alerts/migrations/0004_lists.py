"""Lists by kind, level and webhook find the rare ones by an index; one index that another contains goes."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhook_alerts', '0003_settled'),
    ]

    operations = [
        migrations.AlterField(
            model_name='delivery',
            name='alert',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='deliveries', to='webhook_alerts.alert', verbose_name='alert'),
        ),
        migrations.AddIndex(
            model_name='alert',
            index=models.Index(fields=['kind', '-id'], name='wa_alert_kind'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(fields=['level', '-id'], name='wa_delivery_level'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(fields=['level', '-last_seen'], name='wa_incident_level'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(fields=['kind', '-last_seen'], name='wa_incident_kind'),
        ),
        migrations.AddIndex(
            model_name='message',
            index=models.Index(fields=['webhook', '-id'], name='wa_message_webhook'),
        ),
    ]
