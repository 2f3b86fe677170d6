"""What operators filter by is found in its order: acts by verb and by who did it, and what failed by its level."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('webhook_alerts', '0005_flapping_and_failed'),
    ]

    operations = [
        migrations.AddIndex(
            model_name='act',
            index=models.Index(fields=['verb', '-id'], name='wa_act_verb'),
        ),
        migrations.AddIndex(
            model_name='act',
            index=models.Index(fields=['actor', '-id'], name='wa_act_actor'),
        ),
        migrations.AddIndex(
            model_name='delivery',
            index=models.Index(condition=models.Q(('state', 'failed')), fields=['level', '-id', 'webhook'], name='wa_delivery_failed_level'),
        ),
    ]
