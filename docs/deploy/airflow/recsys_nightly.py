"""DAG of Airflow 3 that runs a night each day; the worker has recsys and its settings.

Exit status 0, published: success. 3, refused by the gate: skipped, the old bundle stays in service.
1, failed: failed, and tried once more; a night that was killed resumes where it stopped.
"""

from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG

with DAG(
    dag_id="recsys_nightly",
    schedule="0 3 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
):
    BashOperator(
        task_id="nightly",
        bash_command="recsys nightly",
        append_env=True,
        skip_on_exit_code=3,
        retries=1,
        retry_delay=timedelta(minutes=10),
        execution_timeout=timedelta(hours=6),
    )
