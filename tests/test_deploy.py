"""The files of docs/deploy can be read, and name commands, settings and metrics that exist.

Images are not built here, and proxies are not run: neither a registry nor a certificate is at hand.
"""

import ast
import configparser
import json
import re
import shlex
import shutil
import subprocess
import sys
from dataclasses import fields
from pathlib import Path

import click
import pytest
import yaml

from api.metrics import NIGHT_ENDS, Metrics
from jobs.cli import cli
from recsys.settings import SETTINGS, Settings

ROOT = Path(__file__).parent.parent
DEPLOY = ROOT / "docs" / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))
TIMERS = sorted(DEPLOY.glob("*.timer"))
UNITS = [*SERVICES, *TIMERS]
KUSTOMIZE = DEPLOY / "kustomize"
FILES = sorted(path for path in DEPLOY.rglob("*") if path.is_file())
PAGE = (DEPLOY / "README.md").read_text(encoding="utf-8")
BODY = next(item.default for item in fields(Settings) if item.name == "max_body")


def unit(path):
    """Read a unit; of a key that is repeated the last value is kept."""
    parser = configparser.ConfigParser(strict=False, interpolation=None, delimiters=("=",))
    parser.optionxform = str
    parser.read_string(path.read_text(encoding="utf-8"))
    return parser


def check_command(words):
    """Fail unless the words call a command of `recsys` with its options."""
    assert Path(words[0]).name == "recsys", words
    command, context, words = cli, click.Context(cli), list(words[1:])
    while isinstance(command, click.Group):
        found = command.get_command(context, words[0])
        assert found is not None, f"no command {words[0]}"
        command, words = found, words[1:]
    command.make_context("recsys", words)  # raises for an unknown option or a missing argument


def yaml_of(name):
    return yaml.safe_load((DEPLOY / name).read_text(encoding="utf-8"))


def test_the_units_are_there():
    names = {path.name for path in UNITS}
    assert names == {
        "recsys.service",
        "recsys-consume.service",
        "recsys-nightly.service",
        "recsys-nightly.timer",
        "recsys-backup.service",
        "recsys-backup.timer",
    }


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_runs_a_command_that_exists(path):
    result = unit(path)["Service"]
    words = shlex.split(result["ExecStart"])
    if words[:2] == ["/bin/sh", "-c"]:
        inner = words[2].replace("$$", "$").replace("%%", "%")
        words = shlex.split(inner.removeprefix("exec "))
    check_command(words)


def test_an_option_that_does_not_exist_is_found():
    with pytest.raises(click.NoSuchOption):
        check_command(["/opt/recsys/bin/recsys", "serve", "--prot", "8000"])


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_a_unit_has_no_more_rights_than_it_needs(path):
    result = unit(path)["Service"]
    assert (result["User"], result["ProtectSystem"]) == ("recsys", "strict")
    assert result["NoNewPrivileges"] == result["PrivateTmp"] == result["ProtectHome"] == "yes"
    assert result["EnvironmentFile"] == "/etc/recsys/recsys.env"
    assert "recsys" in result["StateDirectory"].split()


def test_the_service_comes_back_and_a_refused_night_is_no_failure():
    assert unit(DEPLOY / "recsys.service")["Service"]["Restart"] == "on-failure"
    night = unit(DEPLOY / "recsys-nightly.service")["Service"]
    assert (night["Type"], night["SuccessExitStatus"]) == ("oneshot", "3")


@pytest.mark.parametrize("path", TIMERS, ids=lambda path: path.name)
def test_a_timer_has_a_service_and_runs_daily(path):
    result = unit(path)["Timer"]
    assert path.with_suffix(".service").exists()
    assert re.fullmatch(r"\*-\*-\* \d\d:\d\d:00", result["OnCalendar"])
    assert result["Persistent"] == "true" and result["RandomizedDelaySec"]


def test_systemd_accepts_the_units(tmp_path):
    program = shutil.which("systemd-analyze")
    if program is None:
        pytest.skip("systemd-analyze is not installed")
    minimal = tmp_path / "minimal"
    minimal.mkdir()
    (minimal / "probe.service").write_text("[Service]\nExecStart=/bin/true\n", encoding="utf-8")
    call = [program, "verify", "--man=no"]
    probe = subprocess.run([*call, str(minimal / "probe.service")], capture_output=True, text=True)
    if probe.returncode or probe.stderr:
        pytest.skip(f"systemd-analyze verify is not usable here: {probe.stderr[:200]}")
    copies = tmp_path / "units"
    copies.mkdir()
    for path in UNITS:  # the program of the unit is not installed here; this Python stands for it
        text = path.read_text(encoding="utf-8").replace("/opt/recsys/bin/recsys", sys.executable)
        (copies / path.name).write_text(text, encoding="utf-8")
    files = [str(path) for path in sorted(copies.iterdir())]
    done = subprocess.run([*call, *files], capture_output=True, text=True)
    result = [line for line in done.stderr.splitlines() if str(copies) in line or "recsys" in line]
    assert (done.returncode, result) == (0, [])


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_named_settings_exist(path):
    text = path.read_text(encoding="utf-8")
    named = {name.lower() for name in re.findall(r"\bRECSYS_([A-Z][A-Z_]*[A-Z])\b", text)}
    assert named <= {one.name for one in SETTINGS} | {"config"}


def test_the_image_runs_without_root_and_tells_its_health():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    lines = text.replace("\\\n", " ").splitlines()
    command = next(line for line in lines if line.startswith("CMD "))
    check_command(yaml.safe_load(command.removeprefix("CMD ")))
    assert "USER recsys" in lines
    assert any(line.startswith("HEALTHCHECK") and "/health/live" in line for line in lines)
    extras = configparser.ConfigParser()
    extras.read(ROOT / "setup.cfg", encoding="utf-8")
    installed = re.search(r"-c constraints\.txt '\.\[([a-z0-9,]+)\]'", text)[1].split(",")
    assert set(installed) <= set(extras["options.extras_require"])
    for source in re.findall(r"^COPY (.+) \S+$", text, re.MULTILINE):
        assert all((ROOT / name).exists() for name in source.split())


def test_compose_runs_commands_that_exist_and_asks_for_keys():
    result = yaml_of("compose.yaml")
    for name in ("service", "night"):
        service = result["services"][name]
        check_command(service["command"])
        assert service["environment"]["RECSYS_AUTH"] == "on"
        assert service["image"] == "recsys"
        assert {mount.split(":")[0] for mount in service["volumes"]} <= set(result["volumes"])
    build = result["services"]["service"]["build"]
    context = (DEPLOY / build["context"]).resolve()
    assert context == ROOT.resolve() and (context / build["dockerfile"]).exists()
    assert result["services"]["service"]["ports"] == ["127.0.0.1:8000:8000"]


def test_traefik_limits_bodies_and_hides_the_metrics():
    static, result = yaml_of("traefik.yaml"), yaml_of("traefik-recsys.yaml")["http"]
    router = result["routers"]["recsys"]
    assert Path(static["providers"]["file"]["filename"]).name == "recsys.yaml"
    assert router["tls"]["certResolver"] in static["certificatesResolvers"]
    assert set(router["entryPoints"]) <= set(static["entryPoints"])
    assert "!PathPrefix(`/metrics`)" in router["rule"]
    (middleware,) = router["middlewares"]
    assert result["middlewares"][middleware]["buffering"]["maxRequestBodyBytes"] == BODY
    balancer = result["services"][router["service"]]["loadBalancer"]
    assert (
        balancer["passHostHeader"] and balancer["serversTransport"] in result["serversTransports"]
    )


def test_nginx_and_caddy_limit_bodies_and_hide_the_metrics():
    nginx = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    assert nginx.count("{") == nginx.count("}")
    assert f"client_max_body_size {BODY};" in nginx and "location ^~ /metrics" in nginx
    for header in ("Host", "X-Forwarded-For", "X-Forwarded-Proto"):
        assert f"proxy_set_header {header} " in nginx
    caddy = (DEPLOY / "Caddyfile").read_text(encoding="utf-8")
    assert int(re.search(r"max_size (\d+)MB", caddy)[1]) * 1_000_000 == BODY
    assert "respond @metrics 404" in caddy and caddy.count("{") == caddy.count("}")


def test_nginx_accepts_its_file(tmp_path):
    nginx, openssl = shutil.which("nginx"), shutil.which("openssl")
    if nginx is None or openssl is None:
        pytest.skip("nginx or openssl is not installed")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    call = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"]
    subprocess.run([*call, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    text = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    text = re.sub(r"(ssl_certificate) \S+;", rf"\1 {certificate};", text)
    text = re.sub(r"(ssl_certificate_key) \S+;", rf"\1 {key};", text)
    whole = tmp_path / "nginx.conf"
    whole.write_text(
        f"pid {tmp_path}/pid;\nerror_log stderr;\nevents {{}}\nhttp {{\n{text}\n}}\n", "utf-8"
    )
    done = subprocess.run([nginx, "-t", "-c", whole], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_kubernetes_manifests():
    text = (DEPLOY / "kubernetes.md").read_text(encoding="utf-8")
    manifests = [
        document
        for block in re.findall(r"```yaml\n(.*?)```", text, re.DOTALL)
        for document in yaml.safe_load_all(block)
    ]
    deployment, cron = manifests
    pod = deployment["spec"]["template"]["spec"]
    night = cron["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    assert pod["enableServiceLinks"] is night["enableServiceLinks"] is False
    (service,) = pod["containers"]
    assert service["livenessProbe"]["httpGet"]["path"] == "/health/live"
    assert service["readinessProbe"]["httpGet"]["path"] == "/health/ready"
    check_command(night["containers"][0]["command"])


def manifests():
    """Return the manifests of the base by kind and name, in the files that it lists."""
    base = KUSTOMIZE / "base"
    listed = yaml.safe_load((base / "kustomization.yaml").read_text(encoding="utf-8"))
    others = {path.name for path in base.iterdir()} - {"kustomization.yaml"}
    assert set(listed["resources"]) == others
    return {
        (one["kind"], one["metadata"]["name"]): one
        for name in listed["resources"]
        for one in yaml.safe_load_all((base / name).read_text(encoding="utf-8"))
    }


def pods(found):
    """Yield the pod of each workload."""
    for (kind, _), one in found.items():
        if kind == "Deployment":
            yield one["spec"]["template"]
        elif kind == "CronJob":
            yield one["spec"]["jobTemplate"]["spec"]["template"]


def test_each_pod_of_the_base_runs_a_command_with_few_rights_and_names_that_exist():
    found, setup = manifests(), configparser.ConfigParser()
    claims = {name for kind, name in found if kind == "PersistentVolumeClaim"}
    setup.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = yaml.safe_load((KUSTOMIZE / "base" / "kustomization.yaml").read_text("utf-8"))
    assert listed["images"][0]["name"] == "recsys"
    commands = []
    for pod in pods(found):
        spec = pod["spec"]
        (container,) = spec["containers"]
        assert spec["enableServiceLinks"] is False and container["image"] == "recsys"
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert container["resources"]["requests"] and container["resources"]["limits"]
        volumes = {one["name"]: one for one in spec["volumes"]}
        assert {mount["name"] for mount in container["volumeMounts"]} == set(volumes)
        kept = [one.get("persistentVolumeClaim") for one in volumes.values()]
        assert {one["claimName"] for one in kept if one} <= claims
        assert [list(one) for one in container["envFrom"]] == [["configMapRef"], ["secretRef"]]
        words = container["command"]
        if words[:2] == ["/bin/sh", "-c"]:
            words = words[2].removesuffix(" || test $? -eq 3").split()
        check_command(words)
        commands.append(words[1])
        ports = {one["name"] for one in container.get("ports", ())}
        for probe in ("startupProbe", "livenessProbe", "readinessProbe"):
            if probe in container:
                assert container[probe]["httpGet"]["port"] in ports
                assert container[probe]["httpGet"]["path"] in ("/health/live", "/health/ready")
    assert sorted(commands) == ["consume", "nightly", "serve"]


def test_scaling_disruption_and_service_of_the_base_select_the_replicas():
    found = manifests()
    replicas = found["Deployment", "recsys"]["spec"]
    labels = replicas["template"]["metadata"]["labels"]
    assert replicas["selector"]["matchLabels"] == labels and "replicas" not in replicas
    scaled = found["HorizontalPodAutoscaler", "recsys"]["spec"]
    target = scaled["scaleTargetRef"]
    assert (target["kind"], target["name"]) in found and 2 <= scaled["minReplicas"]
    budget = found["PodDisruptionBudget", "recsys"]["spec"]
    assert budget["selector"]["matchLabels"] == labels
    assert budget["minAvailable"] < scaled["minReplicas"]  # else no node can be drained
    service = found["Service", "recsys"]["spec"]
    assert service["selector"] == labels
    (port,) = replicas["template"]["spec"]["containers"][0]["ports"]
    assert service["ports"][0]["targetPort"] == port["name"]
    night = found["CronJob", "recsys-nightly"]["spec"]
    assert night["concurrencyPolicy"] == "Forbid"


def test_the_overlay_completes_the_base():
    folder = KUSTOMIZE / "overlays" / "example"
    found = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    assert [(folder / one).resolve() for one in found["resources"]] == [KUSTOMIZE / "base"]
    (secret,) = found["secretGenerator"]
    (config,) = found["configMapGenerator"]
    base = yaml.safe_load((KUSTOMIZE / "base" / "kustomization.yaml").read_text("utf-8"))
    assert config["name"] == base["configMapGenerator"][0]["name"] == secret["name"]
    assert config["behavior"] == "merge"
    for name in secret["envs"]:
        example = (folder / f"{name}.example").read_text(encoding="utf-8")
        assert example.startswith("RECSYS_STORE=postgresql+psycopg://")
    literals = (*config["literals"], *base["configMapGenerator"][0]["literals"])
    given = [line.split("=")[0] for line in literals]
    assert "RECSYS_BUNDLES" in given and len(set(given)) == len(given)


def test_the_night_of_airflow_skips_what_the_gate_refuses():
    """Airflow is not installed here: the file is read, not run."""
    tree = ast.parse((DEPLOY / "airflow" / "recsys_nightly.py").read_text(encoding="utf-8"))
    calls = {
        getattr(node.func, "id", ""): {one.arg: one.value for one in node.keywords}
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    }
    task, dag = calls["BashOperator"], calls["DAG"]
    check_command(ast.literal_eval(task["bash_command"]).split())
    assert ast.literal_eval(task["skip_on_exit_code"]) == 3  # as recsys nightly ends then
    assert ast.literal_eval(task["append_env"]) is True  # else RECSYS_HOME is not there
    assert ast.literal_eval(dag["max_active_runs"]) == 1


def test_watched_metrics_exist():
    metrics = Metrics()
    known = {metric.name for metric in metrics.registry.collect()}
    table = PAGE.split("### Monitoring")[1].split("### Capacity")[0]
    rows = [line.split(" | ") for line in table.splitlines() if line.startswith("| `")]
    assert len(rows) >= 10
    assert set(re.findall(r"recsys_\w+", table)) <= known
    ends = {end for row in rows if "_status`" in row[0] for end in re.findall(r"`(\w+)`", row[1])}
    assert ends and ends <= set(NIGHT_ENDS)


def exposed_names():
    """Return the names of series as Prometheus stores them."""
    suffixes = {"counter": ("_total",), "histogram": ("_bucket", "_sum", "_count")}
    return {
        metric.name + suffix
        for metric in Metrics().registry.collect()
        for suffix in suffixes.get(metric.type, ("",))
    }


def named_in(expressions):
    return {name for one in expressions for name in re.findall(r"recsys_\w+", one)}


def test_the_dashboard_and_the_alert_rules_name_series_that_exist():
    board = json.loads((DEPLOY / "grafana-dashboard.json").read_text(encoding="utf-8"))
    shown = named_in(target["expr"] for panel in board["panels"] for target in panel["targets"])
    rules = yaml.safe_load((DEPLOY / "prometheus-rules.yaml").read_text(encoding="utf-8"))
    found = [rule for group in rules["groups"] for rule in group["rules"]]
    warned = named_in(rule["expr"] for rule in found)
    assert len(shown) > 15 and shown <= exposed_names()
    assert len(warned) > 10 and warned <= exposed_names()
    assert all(rule["annotations"]["summary"] and rule["labels"]["severity"] for rule in found)
    # what the figures are for: nights, click rates, alerts and the audit log are all on the board
    for part in ("last_published_night", "gate_passed", "ndcg", "cpu", "click", "alerts", "audit"):
        assert any(part in name for name in shown), part


def test_capacity_repeats_the_results():
    results = (ROOT / "RESULTS.md").read_text(encoding="utf-8")
    speed = results.split("## Speed and memory")[1].split("\n## ")[0].replace("**", "")
    table = PAGE.split("### Capacity")[1]
    rows = [line.strip("|").split("|") for line in table.splitlines() if re.match(r"\| \d", line)]
    assert len(rows) == 5
    assert all(cell.strip() in speed for row in rows for cell in row)


def test_links_lead_to_files():
    for page in (DEPLOY / "README.md", DEPLOY / "kubernetes.md"):
        for target in re.findall(r"\]\(([^)#]+)\)", page.read_text(encoding="utf-8")):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
