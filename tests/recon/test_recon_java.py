from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


def pom(dependencies: str = "", *, packaging: str = "jar", more: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<project xmlns="http://maven.apache.org/POM/4.0.0">\n'
        f"<artifactId>shop</artifactId>\n<packaging>{packaging}</packaging>\n"
        "<properties><java.version>17</java.version></properties>\n"
        f"<dependencies>\n{dependencies}</dependencies>\n{more}</project>\n"
    )


def dependency(name: str, scope: str = "") -> str:
    group, _, artifact = name.partition(":")
    wrapped = f"<scope>{scope}</scope>" if scope else ""
    return f"<dependency><groupId>{group}</groupId>\n<artifactId>{artifact}</artifactId>{wrapped}</dependency>\n"


WEB = dependency("org.springframework.boot:spring-boot-starter-web")
MAIN = {"src/main/java/com/example/ShopApplication.java": "public static void main(String[] args) {"}


def test_spring_boot_with_maven(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "pom.xml": pom(WEB + dependency("org.springframework.boot:spring-boot-starter-actuator")
                           + dependency("org.postgresql:postgresql") + dependency("com.h2database:h2", "test")),
            "mvnw": "",
            "src/main/resources/application.properties": "server.port=${PORT:8090}\napp.key=${APP_SECRET}\n",
            **MAIN,
        },
    )  # fmt: skip
    expected = {
        "language": "java",
        "runtime_version": "17",
        "package_manager": "maven",
        "framework": "spring-boot",
        "build": "./mvnw -B -DskipTests package",
        "start": "java -jar target/*.jar",
        "port": 8090,
        "health_path": "/actuator/health",
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert [each.value for each in found.several["needs"]] == ["postgres"]
    assert [each.value for each in found.several["env_required"]] == ["APP_SECRET"]


def test_spring_boot_with_gradle_builds_one_archive(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "build.gradle": "plugins {\n  id 'java'\n  id 'org.springframework.boot' version '3.1.3'\n}\n"
            "java {\n  sourceCompatibility = '17'\n}\ndependencies {\n"
            "  implementation 'org.springframework.boot:spring-boot-starter-web'\n"
            "  // implementation 'org.postgresql:postgresql'\n}\n",
            "gradlew": "",
            **MAIN,
        },
    )
    assert found.value("build") == "./gradlew bootJar"
    assert found.value("start") == "java -jar build/libs/*.jar"
    assert (found.value("framework"), found.value("port")) == ("spring-boot", 8080)
    assert found.one["framework"].evidence == "build.gradle:9"
    assert found.several["needs"] == ()


def test_ktor_in_kotlin_with_a_version_catalogue(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "settings.gradle.kts": 'rootProject.name = "shop"\n',
            "build.gradle.kts": "plugins {\n  alias(libs.plugins.kotlin.jvm)\n  application\n}\n"
            "dependencies {\n  implementation(libs.ktor.server.netty)\n}\nkotlin { jvmToolchain(21) }\n",
            "gradle/libs.versions.toml": "[libraries]\n"
            'ktor-server-netty = { module = "io.ktor:ktor-server-netty-jvm" }\n'
            '[plugins]\nkotlin-jvm = { id = "org.jetbrains.kotlin.jvm" }\n',
            "src/main/kotlin/Application.kt": "fun main() {\n  embeddedServer(Netty, port = 8085)\n}\n",
        },
    )
    expected = {
        "language": "java",
        "framework": "ktor",
        "runtime_version": "21",
        "build": "gradle installDist",
        "start": "build/install/shop/bin/shop",
        "port": 8085,
    }
    assert {field: found.value(field) for field in expected} == expected


def test_play_with_sbt(tmp_path: Path) -> None:
    found = seen(
        tmp_path,
        {
            "build.sbt": 'name := "My Shop"\nlazy val root = (project in file(".")).enablePlugins(PlayScala)\n',
            "project/plugins.sbt": 'addSbtPlugin("org.playframework" % "sbt-plugin" % "3.0.0")\n',
        },
    )
    assert (found.value("framework"), found.value("package_manager"), found.value("port")) == ("play", "sbt", 9000)
    assert found.value("start") == "target/universal/stage/bin/my-shop -Dhttp.port=$PORT"


@pytest.mark.parametrize(
    ("manifest", "source", "kind"),
    [
        (pom(dependency("com.google.guava:guava")), "class Shapes {}", "library"),
        (pom(dependency("info.picocli:picocli")), "public static void main(String[] a) {", "cli"),
        (pom(dependency("org.apache.kafka:kafka-clients")), "public static void main(String[] a) {", "worker"),
        (pom(), "public static void main(String[] a) { HttpServer.create(b, 0);\n", "web"),
        (pom(packaging="war"), "class A extends HttpServlet {", "web"),
    ],
)
def test_kinds(tmp_path: Path, manifest: str, source: str, kind: str) -> None:
    assert seen(tmp_path, {"pom.xml": manifest, "src/main/java/a/A.java": source}).value("kind") == kind


def test_the_module_that_serves(tmp_path: Path) -> None:
    parent = pom(packaging="pom", more="<modules><module>core</module><module>web</module></modules>")
    found = seen(
        tmp_path,
        {"pom.xml": parent, "core/pom.xml": pom(), "core/src/main/java/a/A.java": "class A {}", "web/pom.xml": pom(WEB),
         "web/src/main/java/a/WebApplication.java": "static void main("},
    )  # fmt: skip
    assert found.value("start") == "java -jar web/target/*.jar"
    assert found.value("build") == "mvn -B -DskipTests package -pl web -am"


def test_an_embedded_database_stands_in_unless_settings_name_another(tmp_path: Path) -> None:
    files = {"pom.xml": pom(WEB + dependency("com.h2database:h2") + dependency("com.mysql:mysql-connector-j")), **MAIN}
    assert seen(tmp_path, files).several["needs"] == ()
    files["src/main/resources/application.yml"] = "spring:\n  datasource:\n    url: jdbc:mysql://db/shop\n"
    assert [each.value for each in seen(tmp_path, files).several["needs"]] == ["mysql"]


def test_entities_are_not_read(tmp_path: Path) -> None:
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbb">]>' + pom(WEB)
    assert seen(tmp_path, {"pom.xml": bomb}).value("framework") is None


def test_a_single_file_runs_as_it_is(tmp_path: Path) -> None:
    found = seen(tmp_path, {"Main.java": "class Main {\n  public static void main(String[] a) {\n"})
    assert (found.value("language"), found.value("start")) == ("java", "java Main.java")


@pytest.mark.parametrize(
    ("url", "needs"), [("${STORE_URL}", ["postgres"]), ("${STORE_URL:jdbc:h2:mem:a}", []), ("", [])]
)
def test_a_database_whose_address_has_to_be_given_is_no_embedded_one(
    tmp_path: Path, url: str, needs: list[str]
) -> None:
    drivers = dependency("org.postgresql:postgresql") + dependency("com.h2database:h2")
    settings = f"spring.datasource.url={url}\n" if url else "spring.application.name=shop\n"
    files = {
        "pom.xml": pom(dependency("org.springframework.boot:spring-boot-starter-web") + drivers),
        "src/main/java/Shop.java": "class Shop {\n  public static void main(String[] a) {}\n}\n",
        "src/main/resources/application.properties": settings,
    }
    assert [each.value for each in seen(tmp_path, files).several["needs"]] == needs
