from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


PROJECT = """(defproject shop "0.1.0"
  :plugins [[lein-ring "0.12.5"]]
  :dependencies [[org.clojure/clojure "1.11.1"]
                 [compojure "1.7.0"]
                 [org.postgresql/postgresql "42.2.10"]]
  :main shop.core
  :profiles {:dev {:dependencies [[com.taoensso/carmine "3.0.0"]]}})
"""


def test_leiningen(tmp_path: Path) -> None:
    main = "(ns shop.core)\n(defn -main []\n  (run-jetty app {:port 3001}))\n"
    found = seen(tmp_path, {"project.clj": PROJECT, "src/shop/core.clj": main})
    expected = {
        "language": "clojure",
        "package_manager": "leiningen",
        "framework": "compojure",
        "build": "lein ring uberjar",
        "start": "java -jar target/*-standalone.jar",
        "port": 3001,
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert found.one["framework"].evidence == "project.clj:4"
    assert [each.value for each in found.several["needs"]] == ["postgres"]


def test_deps_edn_without_a_build_runs_its_namespace(tmp_path: Path) -> None:
    files = {
        "deps.edn": '{:paths ["src"]\n :deps {org.clojure/clojure {:mvn/version "1.11"}\n'
        '        http-kit/http-kit {:mvn/version "2.7"}}}\n',
        "src/shop/core.clj": "(ns shop.core\n  (:require [org.httpkit.server :as s]))\n"
        "(defn -main [] (s/run-server a {}))\n",
    }
    found = seen(tmp_path, files)
    assert (found.value("framework"), found.value("start")) == ("http-kit", "clojure -M -m shop.core")


def test_a_library(tmp_path: Path) -> None:
    found = seen(tmp_path, {"project.clj": '(defproject a "1")', "src/a/shapes.clj": "(ns a.shapes)"})
    assert (found.value("kind"), found.value("start")) == ("library", None)


def test_odd_content_raises_nothing(tmp_path: Path) -> None:
    assert seen(tmp_path, {"project.clj": "(((((" * 1000, "deps.edn": "}"}).value("language") == "clojure"
