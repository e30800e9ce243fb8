from __future__ import annotations

from pathlib import Path

import pytest
from recon_trees import seen

pytestmark = pytest.mark.fast


RAILS = {
    "Gemfile": 'source "https://rubygems.org"\nruby "3.3.1"\ngem "rails", "~> 7.1"\ngem "pg"\ngem "puma"\n'
    'group :development, :test do\n  gem "mysql2"\nend\ngem "sidekiq"\n',
    "bin/rails": "APP_PATH",
    "config/application.rb": "",
    "config.ru": "",
    "config/puma.rb": 'port ENV.fetch("PORT") { 3456 }\n',
    "config/routes.rb": 'get "up" => "rails/health#show"\n',
    "config/database.yml": "default: &default\n  adapter: postgresql\nproduction:\n  <<: *default\n",
    "config/credentials.yml.enc": "x",
    "config/initializers/push.rb": 'ENV.fetch("PUSH_KEY")\nENV.fetch("OTHER") { "x" }\n',
    "db/schema.rb": "",
}


def test_rails(tmp_path: Path) -> None:
    found = seen(tmp_path, RAILS)
    expected = {
        "language": "ruby",
        "runtime_version": "3.3.1",
        "package_manager": "bundler",
        "framework": "rails",
        "install": "bundle install",
        "start": "bundle exec rails server -b 0.0.0.0 -p ${PORT:-3000}",
        "release": "bundle exec rails db:migrate",
        "port": 3456,
        "health_path": "/up",
        "kind": "web",
    }
    assert {field: found.value(field) for field in expected} == expected
    assert found.one["framework"].evidence == "Gemfile:3"
    assert [each.value for each in found.several["needs"]] == ["postgres", "redis"]
    assert [each.value for each in found.several["env_required"]] == ["PUSH_KEY", "RAILS_MASTER_KEY"]


def test_sqlite_in_production_needs_no_database(tmp_path: Path) -> None:
    files = {**RAILS, "config/database.yml": "production:\n  adapter: sqlite3\n"}
    assert [each.value for each in seen(tmp_path, files).several["needs"]] == ["redis"]


@pytest.mark.parametrize(
    ("gems", "files", "start"),
    [
        ('gem "sinatra"\ngem "puma"\n', {"config.ru": "", "config/puma.rb": ""}, "bundle exec puma -C config/puma.rb"),
        ('gem "sinatra"\n', {"config.ru": ""}, "bundle exec rackup config.ru -o 0.0.0.0 -p ${PORT:-3000}"),
        ('gem "sinatra"\n', {"app.rb": "require 'sinatra'"}, "bundle exec ruby app.rb"),
        ("", {"app.rb": "TCPServer.new 80"}, "ruby app.rb"),
        ('gem "sidekiq"\n', {}, "bundle exec sidekiq"),
    ],
)
def test_starts(tmp_path: Path, gems: str, files: dict[str, str], start: str) -> None:
    assert seen(tmp_path, {"Gemfile": gems, **files}).value("start") == start


@pytest.mark.parametrize(
    ("files", "kind"),
    [
        ({"shape.gemspec": "", "Gemfile": "gemspec\n", "lib/shape.rb": ""}, "library"),
        ({"shape.gemspec": "", "exe/shape": "", "lib/shape.rb": ""}, "cli"),
        ({"Gemfile": 'gem "jekyll"\n', "_config.yml": ""}, "static"),
        ({"Gemfile": 'gem "sidekiq"\n', "jobs/a.rb": ""}, "worker"),
    ],
)
def test_kinds(tmp_path: Path, files: dict[str, str], kind: str) -> None:
    assert seen(tmp_path, files).value("kind") == kind


def test_a_gemfile_for_tools_does_not_win(tmp_path: Path) -> None:
    files = {
        "Gemfile": 'gem "fastlane"\n',
        "package.json": '{"scripts": {"start": "node a.js"}}',
        "a.js": "a.listen(1)",
    }
    assert seen(tmp_path, files).value("language") == "node"


def test_odd_content_raises_nothing(tmp_path: Path) -> None:
    files = {**RAILS, "Gemfile": "end\nend\ngem\ngem 'rails'\ngroup do\n", "config/database.yml": "{[: <%= %>"}
    assert seen(tmp_path, files).value("language") == "ruby"
