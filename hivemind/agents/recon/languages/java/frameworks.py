"""What dependencies of the Java virtual machine's languages mean, by the start of `group:artifact` or a plugin's id."""

from __future__ import annotations

FRAMEWORKS = {
    "grails": ("org.grails:", "org.grails.grails-web", "org.apache.grails:"),
    "quarkus": ("io.quarkus:", "io.quarkus.platform:", "io.quarkus", "${quarkus"),
    "micronaut": ("io.micronaut:", "io.micronaut.", "io.micronaut"),
    "spring-boot": ("org.springframework.boot:", "org.springframework.boot"),
    "helidon": ("io.helidon",),
    "dropwizard": ("io.dropwizard:", "io.dropwizard"),
    "play": ("com.typesafe.play:sbt-plugin", "org.playframework:sbt-plugin", "PlayScala", "PlayJava",
             "com.typesafe.play:",
             "org.playframework:"),
    "ktor": ("io.ktor:ktor-server", "io.ktor.plugin"),
    "http4k": ("org.http4k:",),
    "javalin": ("io.javalin:",),
    "sparkjava": ("com.sparkjava:",),
    "jooby": ("io.jooby:", "org.jooby:"),
    "ratpack": ("io.ratpack",),
    "armeria": ("com.linecorp.armeria:",),
    "vertx": ("io.vertx:", "io.vertx.vertx-plugin"),
    "http4s": ("org.http4s:http4s-ember-server", "org.http4s:http4s-blaze-server", "org.http4s:http4s-dsl"),
    "zio-http": ("dev.zio:zio-http",),
    "finatra": ("com.twitter:finatra",),
    "scalatra": ("org.scalatra:",),
    "cask": ("com.lihaoyi:cask",),
    "tapir": ("com.softwaremill.sttp.tapir:",),
    "akka-http": ("com.typesafe.akka:akka-http",),
    "pekko-http": ("org.apache.pekko:pekko-http",),
    "vaadin": ("com.vaadin:",),
    "struts": ("org.apache.struts:",),
    "jersey": ("org.glassfish.jersey.containers:",),
    "undertow": ("io.undertow:",),
    "jetty": ("org.eclipse.jetty:jetty-server", "org.eclipse.jetty:jetty-servlet"),
    "spring": ("org.springframework:spring-webmvc", "org.springframework:spring-web"),
}  # fmt: skip
"""In order of weight: frameworks that bring another along come before it."""
PORTS = {
    "quarkus": 8080, "micronaut": 8080, "spring-boot": 8080, "dropwizard": 8080, "play": 9000, "grails": 8080,
    "helidon": 8080, "sparkjava": 4567, "jooby": 8080, "ratpack": 5050, "cask": 8080,
}  # fmt: skip
"""By their documentation: Quarkus, "HTTP reference"; Micronaut, "HTTP Server Configuration"; Spring Boot, "Common
Application Properties: server.port"; Dropwizard, "Configuration Reference"; Play, "Configuring HTTP"; Grails, "Running
a Grails application"; Helidon, "WebServer configuration"; Spark, "Documentation: Port"; Jooby, "Server options";
Ratpack, "Server configuration"; Cask, "Getting started"."""
HEALTH = {
    "spring-boot": ("org.springframework.boot:spring-boot-starter-actuator", "/actuator/health"),
    "quarkus": ("io.quarkus:quarkus-smallrye-health", "/q/health"),
    "micronaut": ("io.micronaut:micronaut-management", "/health"),
}
"""Framework -> the dependency that brings a health path, and the path (Spring Boot, "Endpoints"; Quarkus, "SmallRye
Health"; Micronaut, "Health Endpoint")."""
SPRING_WEB = (
    "org.springframework.boot:spring-boot-starter-web", "org.springframework.boot:spring-boot-starter-jersey",
    "org.springframework.boot:spring-boot-starter-graphql", "org.springframework.boot:spring-boot-starter-data-rest",
    "org.springframework.boot:spring-boot-starter-jetty", "org.springframework.boot:spring-boot-starter-tomcat",
    "org.springframework.boot:spring-boot-starter-undertow", "com.vaadin:",
    "org.springframework.cloud:spring-cloud-starter-gateway",
    "org.springframework.cloud:spring-cloud-netflix-eureka-server",
    "org.springframework.cloud:spring-cloud-config-server",
)  # fmt: skip
DRIVERS = {
    "postgres": ("org.postgresql:", "io.quarkus:quarkus-jdbc-postgresql", "io.quarkus:quarkus-reactive-pg",
                 "io.vertx:vertx-pg-client", "com.impossibl.pgjdbc-ng:"),
    "mysql": ("com.mysql:mysql-connector", "mysql:mysql-connector", "org.mariadb.jdbc:",
              "io.quarkus:quarkus-jdbc-mysql",
              "io.quarkus:quarkus-jdbc-mariadb", "io.vertx:vertx-mysql-client"),
    "redis": ("org.springframework.boot:spring-boot-starter-data-redis", "redis.clients:jedis", "io.lettuce:",
              "org.redisson:", "dev.profunktor:redis4cats",
              "org.springframework.session:spring-session-data-redis", "io.quarkus:quarkus-redis"),
    "mongodb": ("org.springframework.boot:spring-boot-starter-data-mongodb", "org.mongodb:",
                "io.quarkus:quarkus-mongodb",
                "org.litote.kmongo:"),
}  # fmt: skip
EMBEDDED = (
    "com.h2database:",
    "org.hsqldb:",
    "org.xerial:sqlite-jdbc",
    "org.apache.derby:",
    "io.quarkus:quarkus-jdbc-h2",
)
CONSUMERS = (
    "org.springframework.boot:spring-boot-starter-amqp",
    "org.springframework.kafka:",
    "org.apache.kafka:kafka-clients",
    "org.springframework.boot:spring-boot-starter-batch",
    "com.rabbitmq:amqp-client",
    "org.quartz-scheduler:",
    "net.dv8tion:JDA",
    "com.discord4j:",
    "org.telegram:",
    "org.apache.kafka:kafka-streams",
    "org.javacord:",
    "dev.kord:",
    "com.jessecorbett:diskord",
    "com.github.pengrad:java-telegram-bot-api",
    "com.github.twitch4j:",
    "com.slack.api:bolt-socket-mode",
    "org.pircbotx:",
    "com.sedmelluq:lavaplayer",
)
BOTS = ("net.dv8tion:", "com.discord4j:", "org.javacord:", "dev.kord:", "com.jessecorbett:diskord", "org.pircbotx:",
        "com.github.twitch4j:")  # fmt: skip
"""Of these, what nobody has in a library."""
COMMANDS = (
    "info.picocli:", "com.beust:jcommander", "org.springframework.shell:", "com.github.ajalt.clikt:", "commons-cli:",
    "com.github.scopt:", "com.monovore:decline", "org.jcommander:", "args4j:", "com.xenomachina:kotlin-argparser",
    "org.jetbrains.kotlinx:kotlinx-cli", "org.rogach:scallop",
)  # fmt: skip
