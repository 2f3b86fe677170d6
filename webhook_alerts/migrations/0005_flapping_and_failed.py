"""What is rare and asked for every few seconds has an index of its own: flapping incidents, and what failed of late."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhook_alerts', '0004_lists'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['settled_at'], name='wa_delivery_failed'),
        ),
        migrations.AddIndex(
            model_name='incident',
            index=models.Index(condition=models.Q(('flapping', True)), fields=['state_since'], name='wa_incident_flapping'),
        ),
    ]
