"""What the provisioner puts into the template, seen as a person who reviews its security would."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from hivemind.agents.provisioner import hivemind_fragments, hivemind_lint
from hivemind.blueprint.model import (
    Blueprint,
    DeploymentStage,
    Health,
    Network,
    Resource,
    Route,
    SecretReference,
    Service,
    ServiceKind,
)
from hivemind.deploy.shared_lease import KEY as LEASE
from hivemind.deploy.shared_place import OWN_PREFIX
from hivemind.plan.holdings import holds_data
from hivemind.template.assemble import assemble
from hivemind.template.fragment import Assembly
from hivemind.template.names import instance_security_group

pytestmark = pytest.mark.fast

WEB = Service("web", port=8000, instances=2, needs=("db",))
WORKER = Service("worker", kind=ServiceKind.WORKER)
CACHE = Resource("cache", "redis", {"version": "8.2", "size": "cache.t3.micro"})
DB = Resource("db", "postgres", {"version": "16", "size": "db.t3.micro", "storage": 20})
SHOP = Blueprint("shop", services={"web": WEB, "worker": WORKER}, resources={"db": DB})


def made(blueprint: Blueprint) -> Assembly:
    return assemble(blueprint, [("provisioner", hivemind_fragments(blueprint=blueprint))])


def of_type(assembly: Assembly, kind: str) -> dict[str, Mapping[str, Any]]:
    return {
        name: resource.get("Properties", {})
        for name, resource in assembly.resources.items()
        if resource["Type"] == kind
    }


def with_service(**changes: Any) -> Blueprint:
    return replace(SHOP, services={"web": replace(WEB, **changes)})


def with_network(**changes: Any) -> Blueprint:
    return replace(SHOP, network=Network(**changes))


def test_production_has_private_instances_one_nat_gateway_and_a_free_way_to_s3() -> None:
    assembly = made(SHOP)
    assert len(of_type(assembly, "AWS::EC2::NatGateway")) == 1
    subnets = [instance["SubnetId"]["Ref"] for instance in of_type(assembly, "AWS::EC2::Instance").values()]
    assert set(subnets) == {"VPCPrivateSubnet1", "VPCPrivateSubnet2"}
    assert not any(subnet["MapPublicIpOnLaunch"] for subnet in of_type(assembly, "AWS::EC2::Subnet").values())
    endpoint = of_type(assembly, "AWS::EC2::VPCEndpoint")["VPCStorageEndpoint"]
    assert endpoint["VpcEndpointType"] == "Gateway"
    assert len(endpoint["RouteTableIds"]) == 3


@pytest.mark.parametrize(("egress", "gateways", "routes"), [("nat", 1, 2), ("nat-per-az", 2, 2), ("none", 0, 0)])
def test_egress_decides_on_nat(egress: str, gateways: int, routes: int) -> None:
    assembly = made(with_network(egress=egress))
    assert len(of_type(assembly, "AWS::EC2::NatGateway")) == len(of_type(assembly, "AWS::EC2::EIP")) == gateways
    private = [name for name in of_type(assembly, "AWS::EC2::Route") if "Private" in name]
    assert len(private) == routes


def test_stage_1_has_public_instances_and_no_nat() -> None:
    assembly = made(replace(SHOP, stage=DeploymentStage.STAGE_1))
    assert not of_type(assembly, "AWS::EC2::NatGateway")
    subnets = {instance["SubnetId"]["Ref"] for instance in of_type(assembly, "AWS::EC2::Instance").values()}
    assert subnets == {"VPCPublicSubnet1", "VPCPublicSubnet2"}
    assert of_type(assembly, "AWS::EC2::Subnet")["VPCPublicSubnet1"]["MapPublicIpOnLaunch"] is True
    assert of_type(assembly, "AWS::RDS::DBInstance")["DbDatabase"]["BackupRetentionPeriod"] == 1


def test_stage_1_without_egress_keeps_instances_private() -> None:
    assembly = made(replace(SHOP, stage=DeploymentStage.STAGE_1, network=Network(egress="none")))
    subnets = {instance["SubnetId"]["Ref"] for instance in of_type(assembly, "AWS::EC2::Instance").values()}
    assert subnets == {"VPCPrivateSubnet1", "VPCPrivateSubnet2"}


def test_subnets_are_literal_parts_of_the_vpc() -> None:
    import ipaddress

    assembly = made(with_network(cidr="172.16.0.0/16"))
    blocks = [ipaddress.ip_network(subnet["CidrBlock"]) for subnet in of_type(assembly, "AWS::EC2::Subnet").values()]
    assert len(blocks) == 4
    assert all(block.subnet_of(ipaddress.ip_network("172.16.0.0/16")) for block in blocks)
    assert not any(one.overlaps(other) for one in blocks for other in blocks if one is not other)


def test_instances_admit_the_load_balancer_on_their_port_and_the_ssh_endpoint() -> None:
    assembly = made(SHOP)
    group = of_type(assembly, "AWS::EC2::SecurityGroup")[instance_security_group("web")]
    assert [(rule["FromPort"], rule["SourceSecurityGroupId"]) for rule in group["SecurityGroupIngress"]] == [
        (22, {"Fn::GetAtt": ["SSHEndpointSecurityGroup", "GroupId"]})
    ]
    rules = of_type(assembly, "AWS::EC2::SecurityGroupIngress")
    assert list(rules) == ["WebInstanceIngress"]
    assert rules["WebInstanceIngress"]["FromPort"] == rules["WebInstanceIngress"]["ToPort"] == 8000
    assert rules["WebInstanceIngress"]["SourceSecurityGroupId"] == {"Fn::GetAtt": ["ALBSecurityGroup", "GroupId"]}


def test_named_addresses_may_reach_ssh() -> None:
    assembly = made(with_network(ssh_from=("203.0.113.0/24", "2001:db8::/48")))
    rules = of_type(assembly, "AWS::EC2::SecurityGroup")["WebInstanceSecurityGroup"]["SecurityGroupIngress"]
    sources = {rule.get("CidrIp") or rule.get("CidrIpv6") for rule in rules}
    assert sources == {None, "203.0.113.0/24", "2001:db8::/48"}
    assert {rule["FromPort"] for rule in rules} == {22}


def test_a_database_admits_only_services_that_need_it() -> None:
    group = of_type(made(SHOP), "AWS::EC2::SecurityGroup")["DbDatabaseSecurityGroup"]
    assert [rule["SourceSecurityGroupId"] for rule in group["SecurityGroupIngress"]] == [
        {"Fn::GetAtt": ["WebInstanceSecurityGroup", "GroupId"]}
    ]
    alone = made(replace(SHOP, services={"worker": WORKER}))
    assert "SecurityGroupIngress" not in of_type(alone, "AWS::EC2::SecurityGroup")["DbDatabaseSecurityGroup"]


def test_a_role_allows_nothing_where_nothing_on_the_instance_asks_aws() -> None:
    secrets = {"A": SecretReference("ssm", "/shop/a"), "B": SecretReference("secretsmanager", "shop/b", "password")}
    (role,) = of_type(made(with_service(secrets=secrets)), "AWS::IAM::Role").values()
    assert not {"Policies", "ManagedPolicyArns"} & set(role), "whoever deploys reads secrets, and signs addresses"


@pytest.mark.parametrize(
    ("os", "egress", "stage", "managed"),
    [
        ("debian-12", "nat", DeploymentStage.PRODUCTION, False),
        ("debian-13", "nat", DeploymentStage.STAGE_1, False),
        ("amazon-linux-2023", "nat", DeploymentStage.PRODUCTION, True),
        ("amazon-linux-2023", "none", DeploymentStage.PRODUCTION, False),
        ("ubuntu-24.04", "nat-per-az", DeploymentStage.STAGE_1, True),
        ("ubuntu-24.04", "none", DeploymentStage.STAGE_1, False),
    ],
)
def test_ssm_may_manage_an_instance_whose_agent_reaches_it_and_lets_it_read_no_parameter_of_the_account(
    os: str, egress: str, stage: DeploymentStage, managed: bool
) -> None:
    blueprint = replace(with_service(os=os), network=Network(egress=egress), stage=stage)
    assembly = made(blueprint)
    (role,) = of_type(assembly, "AWS::IAM::Role").values()
    assert ("ManagedPolicyArns" in role) is managed
    assert not [finding for finding in hivemind_lint(assembly=assembly, blueprint=blueprint) if finding.id == "H442"]
    if managed:
        (statement,) = role["Policies"][0]["PolicyDocument"]["Statement"]
        assert (statement["Effect"], statement["Action"]) == ("Deny", ["ssm:GetParameter", "ssm:GetParameters"])
        assert statement["NotResource"] == [{"Fn::Sub": "arn:${AWS::Partition}:ssm:*::parameter/aws/service/*"}]


def test_instances_ask_for_tokens_and_encrypt_their_disks() -> None:
    for instance in of_type(made(SHOP), "AWS::EC2::Instance").values():
        assert instance["MetadataOptions"] == {"HttpTokens": "required", "HttpPutResponseHopLimit": 1}
        assert all(mapping["Ebs"]["Encrypted"] for mapping in instance["BlockDeviceMappings"])


@pytest.mark.parametrize(
    ("os", "size", "parameter", "ssm"),
    [
        ("debian-12", "t3.micro", "ImageDebian12X86", "/aws/service/debian/release/12/latest/amd64"),
        ("debian-12", "t4g.small", "ImageDebian12Arm", "/aws/service/debian/release/12/latest/arm64"),
        ("debian-13", "t3.micro", "ImageDebian13X86", "/aws/service/debian/release/13/latest/amd64"),
        ("ubuntu-24.04", "m7gd.large", "ImageUbuntu2404Arm", "/24.04/stable/current/arm64/"),
        ("amazon-linux-2023", "g4dn.xlarge", "ImageAmazonLinux2023X86", "al2023-ami-kernel-default-x86_64"),
        ("amazon-linux-2023", "a1.medium", "ImageAmazonLinux2023Arm", "al2023-ami-kernel-default-arm64"),
        ("amazon-linux-2023", "is4gen.medium", "ImageAmazonLinux2023Arm", "al2023-ami-kernel-default-arm64"),
        ("amazon-linux-2023", "x2iedn.xlarge", "ImageAmazonLinux2023X86", "al2023-ami-kernel-default-x86_64"),
    ],
)
def test_the_image_fits_system_and_processor(os: str, size: str, parameter: str, ssm: str) -> None:
    assembly = made(with_service(os=os, size=size))
    assert list(assembly.images) == [parameter]
    assert ssm in assembly.images[parameter]
    assert assembly.template["Parameters"][parameter]["Type"] == "AWS::EC2::Image::Id"
    assert assembly.resources["WebInstance1"]["Properties"]["ImageId"] == {"Ref": parameter}


def test_no_load_balancer_without_a_service_that_listens() -> None:
    assembly = made(Blueprint("jobs", services={"worker": WORKER}))
    assert not any("ElasticLoadBalancing" in resource["Type"] for resource in assembly.resources.values())
    assert "ALBDNSName" not in assembly.template["Outputs"]
    assert "WorkerInstanceIds" in assembly.template["Outputs"]


def test_health_check_defaults_are_the_specs() -> None:
    group = of_type(made(SHOP), "AWS::ElasticLoadBalancingV2::TargetGroup")["WebTargetGroup"]
    assert group["HealthCheckPath"] == "/"
    assert group["HealthCheckIntervalSeconds"] == 30
    assert group["HealthCheckTimeoutSeconds"] == 5
    assert group["HealthyThresholdCount"] == 2
    assert group["UnhealthyThresholdCount"] == 3
    named = made(with_service(health=Health(path="/up", matcher="200")))
    assert of_type(named, "AWS::ElasticLoadBalancingV2::TargetGroup")["WebTargetGroup"]["HealthCheckPath"] == "/up"


def test_outputs_are_named_as_the_spec_names_them_and_resolve_no_secret() -> None:
    assembly = made(SHOP)
    outputs = assembly.template["Outputs"]
    assert outputs["ALBDNSName"]["Value"] == {"Fn::GetAtt": ["ALB", "DNSName"]}
    assert outputs["TargetGroupArn"] == outputs["WebTargetGroupArn"] == {"Value": {"Ref": "WebTargetGroup"}}
    assert {"WebInstanceIds", "DbHost", "DbPort", "DbSecretArn", "ArtifactBucketName"} <= set(outputs)
    assert "resolve" not in str(outputs)


def test_a_certificate_moves_traffic_to_443() -> None:
    assembly = made(replace(SHOP, certificate="arn:aws:acm:eu-west-1:1:certificate/x"))
    listeners = of_type(assembly, "AWS::ElasticLoadBalancingV2::Listener")
    assert {name: one["Port"] for name, one in listeners.items()} == {"ALBHttpListener": 80, "ALBHttpsListener": 443}
    assert listeners["ALBHttpListener"]["DefaultActions"][0]["Type"] == "redirect"
    assert listeners["ALBHttpsListener"]["DefaultActions"][0]["Type"] == "forward"
    ingress = of_type(assembly, "AWS::EC2::SecurityGroup")["ALBSecurityGroup"]["SecurityGroupIngress"]
    assert [rule["FromPort"] for rule in ingress] == [80, 443]
    assert hivemind_lint(assembly=assembly, blueprint=SHOP) == ()


def test_without_a_catch_all_the_rest_is_not_found() -> None:
    assembly = made(with_service(routes=(Route(host="a.example.com"),)))
    action = of_type(assembly, "AWS::ElasticLoadBalancingV2::Listener")["ALBHttpListener"]["DefaultActions"][0]
    assert action["FixedResponseConfig"]["StatusCode"] == "404"


def test_an_instance_with_data_of_its_own_is_one_that_holds_data() -> None:
    for data, holds in (((), False), (("uploads",), True)):
        instance = made(with_service(data=data)).template["Resources"]["WebInstance1"]
        assert holds_data("WebInstance1", instance["Type"], instance) is holds


def test_a_database_is_private_encrypted_and_kept() -> None:
    resource = made(SHOP).resources["DbDatabase"]
    assert resource["DeletionPolicy"] == resource["UpdateReplacePolicy"] == "Snapshot"
    properties = resource["Properties"]
    assert properties["StorageEncrypted"] is True
    assert properties["PubliclyAccessible"] is False
    assert properties["MasterUserPassword"]["Fn::Sub"].startswith("{{resolve:secretsmanager:${DbDatabaseSecret}:")


def test_a_service_finds_its_database_in_its_environment() -> None:
    binding = made(SHOP).bindings["db"]
    outputs = made(SHOP).template["Outputs"]
    assert binding.env["DATABASE_URL"] == binding.env["DB_URL"] == "postgresql://{user}:{password}@{host}:{port}/app"
    assert {*binding.outputs.values(), *(name for name, _ in binding.secrets.values())} <= set(outputs)
    filled = dict.fromkeys((*binding.outputs, *binding.secrets), "x")
    assert all("{" not in pattern.format(**filled) for pattern in binding.env.values())


def test_other_services_do_not_move_when_one_is_added() -> None:
    before = made(SHOP).resources
    after = made(
        replace(SHOP, services={**SHOP.services, "api": Service("api", port=9000, routes=(Route(path="/api"),))})
    ).resources
    changed = {name for name in before if before[name] != after.get(name)}
    assert changed == {"ALBSecurityGroup"}


def test_every_system_that_a_blueprint_can_name_has_images() -> None:
    from hivemind.blueprint.schema import core
    from hivemind.template.images import IMAGES

    assert set(IMAGES) == set(core()["$defs"]["service"]["properties"]["os"]["enum"])


def test_instances_with_public_addresses_go_before_the_internet_gateway() -> None:
    stage_1 = made(replace(SHOP, stage=DeploymentStage.STAGE_1)).resources
    assert stage_1["WebInstance1"]["DependsOn"] == "VPCPublicRoute"
    assert "DependsOn" not in made(SHOP).resources["WebInstance1"]


def with_redis(**options: Any) -> Blueprint:
    cache = replace(CACHE, options={**CACHE.options, **options})
    return replace(SHOP, services={"web": replace(WEB, needs=("cache",)), "worker": WORKER}, resources={"cache": cache})


def test_redis_is_encrypted_private_and_kept() -> None:
    assembly = made(with_redis())
    group = assembly.resources["CacheRedis"]
    assert (group["DeletionPolicy"], group["UpdateReplacePolicy"]) == ("Snapshot", "Snapshot")
    properties = group["Properties"]
    assert (properties["Engine"], properties["AtRestEncryptionEnabled"]) == ("valkey", True)
    assert (properties["NumCacheClusters"], properties["AutomaticFailoverEnabled"]) == (1, False)
    assert properties["SnapshotRetentionLimit"] == 7
    assert [subnet["Ref"] for subnet in assembly.resources["CacheRedisSubnetGroup"]["Properties"]["SubnetIds"]] == [
        "VPCPrivateSubnet1",
        "VPCPrivateSubnet2",
    ]


def test_only_the_services_that_need_redis_are_let_in() -> None:
    group = made(with_redis()).resources["CacheRedisSecurityGroup"]["Properties"]
    (rule,) = group["SecurityGroupIngress"]
    assert rule["SourceSecurityGroupId"] == {"Fn::GetAtt": [instance_security_group("web"), "GroupId"]}
    assert (rule["FromPort"], rule["ToPort"]) == (6379, 6379)
    assert group["SecurityGroupEgress"][0]["CidrIp"] == "127.0.0.1/32"


def test_the_application_finds_redis_by_its_usual_names_and_its_own() -> None:
    env = made(with_redis()).bindings["cache"].env
    assert env == {
        "REDIS_URL": "redis://{host}:{port}",
        "CACHE_URL": "redis://{host}:{port}",
        "REDIS_HOST": "{host}",
        "REDIS_PORT": "{port}",
    }


def test_tls_is_in_the_address_and_turned_on_without_shutting_anyone_out() -> None:
    assembly = made(with_redis(tls=True))
    properties = assembly.resources["CacheRedis"]["Properties"]
    assert (properties["TransitEncryptionEnabled"], properties["TransitEncryptionMode"]) == (True, "preferred")
    assert assembly.bindings["cache"].env["REDIS_URL"] == "rediss://{host}:{port}"


def test_a_replica_takes_over_where_it_is_asked_for() -> None:
    properties = made(with_redis(multi_az=True)).resources["CacheRedis"]["Properties"]
    assert properties["NumCacheClusters"] == 2
    assert properties["AutomaticFailoverEnabled"] is properties["MultiAZEnabled"] is True


def test_backups_of_redis_are_fewer_in_stage_1() -> None:
    staged = replace(with_redis(), stage=DeploymentStage.STAGE_1)
    assert made(staged).resources["CacheRedis"]["Properties"]["SnapshotRetentionLimit"] == 1


def with_endpoint(endpoint: str | None, **network: Any) -> Any:
    return made(replace(SHOP, network=replace(SHOP.network, ssh_endpoint=endpoint, **network)))


@pytest.mark.parametrize("endpoint", [None, "own"])
def test_private_instances_are_reached_through_an_endpoint_of_their_own(endpoint: str | None) -> None:
    assembly = with_endpoint(endpoint)
    assert len(of_type(assembly, "AWS::EC2::InstanceConnectEndpoint")) == 1
    assert assembly.template["Outputs"]["SshEndpointId"] == {"Value": {"Ref": "SSHEndpoint"}}


def test_an_endpoint_of_another_network_is_named_and_nothing_is_made() -> None:
    assembly = with_endpoint("eice-0123456789abcdef0", ssh_from=("10.1.0.0/24",))
    assert of_type(assembly, "AWS::EC2::InstanceConnectEndpoint") == {}
    assert assembly.template["Outputs"]["SshEndpointId"] == {"Value": "eice-0123456789abcdef0"}
    for instance in of_type(assembly, "AWS::EC2::Instance").values():
        assert {"Key": "hivemind:ssh-endpoint", "Value": "eice-0123456789abcdef0"} in instance["Tags"]
    for name, group in of_type(assembly, "AWS::EC2::SecurityGroup").items():
        assert "SSHEndpointSecurityGroup" not in str(group), name


def test_stage_1_that_names_who_may_come_makes_no_endpoint() -> None:
    direct = replace(SHOP, stage=DeploymentStage.STAGE_1, network=replace(SHOP.network, ssh_from=("203.0.113.0/24",)))
    assembly = made(direct)
    assert of_type(assembly, "AWS::EC2::InstanceConnectEndpoint") == {}
    assert "SshEndpointId" not in assembly.template["Outputs"]
    assert "SSHEndpointSecurityGroup" not in str(assembly.template)


@pytest.mark.parametrize("stage", list(DeploymentStage))
def test_without_a_way_out_instances_still_reach_their_bucket_and_are_reached_by_ssh(stage: DeploymentStage) -> None:
    assembly = made(replace(with_network(egress="none"), stage=stage))
    private = {"VPCPrivateRouteTable1", "VPCPrivateRouteTable2"}
    (endpoint,) = of_type(assembly, "AWS::EC2::VPCEndpoint").values()
    assert private <= {table["Ref"] for table in endpoint["RouteTableIds"]}
    assert "PolicyDocument" not in endpoint, "the endpoint's own policy lets everything through"
    routed = {route["RouteTableId"]["Ref"] for route in of_type(assembly, "AWS::EC2::Route").values()}
    assert not routed & private
    subnets = {one["SubnetId"]["Ref"] for one in of_type(assembly, "AWS::EC2::Instance").values()}
    tables = {
        one["SubnetId"]["Ref"]: one["RouteTableId"]["Ref"]
        for one in of_type(assembly, "AWS::EC2::SubnetRouteTableAssociation").values()
    }
    assert {tables[subnet] for subnet in subnets} <= private
    assert of_type(assembly, "AWS::EC2::InstanceConnectEndpoint")


def test_the_bucket_admits_tls_alone_and_forgets_what_is_old_but_not_the_state() -> None:
    assembly = made(SHOP)
    (policy,) = of_type(assembly, "AWS::S3::BucketPolicy").values()
    (statement,) = policy["PolicyDocument"]["Statement"]
    assert (statement["Effect"], statement["Principal"], statement["Action"]) == ("Deny", "*", "s3:*")
    assert statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}
    (bucket,) = of_type(assembly, "AWS::S3::Bucket").values()
    rules = bucket["LifecycleConfiguration"]["Rules"]
    expiring = {rule["Prefix"]: rule["ExpirationInDays"] for rule in rules if "ExpirationInDays" in rule}
    assert expiring == {"archives/": 180, "layers/": 180, "templates/": 1}
    for kept in (f"{OWN_PREFIX}/state.json", f"{OWN_PREFIX}/{LEASE}"):
        assert not any(kept.startswith(prefix) for prefix in expiring)


def test_a_generated_secret_is_made_once_for_all_services_that_name_it_alike() -> None:
    secrets = {"SECRET_KEY": SecretReference("generated", "SECRET_KEY"), "STRIPE": SecretReference("ssm", "/stripe")}
    shop = replace(SHOP, services={"web": replace(WEB, secrets=secrets), "worker": replace(WORKER, secrets=secrets)})
    before, after = made(SHOP), made(shop)
    (fresh,) = set(after.resources) - set(before.resources)
    secret = after.resources[fresh]
    assert fresh == "SecretDashKeyGeneratedSecret"
    assert secret["Properties"]["GenerateSecretString"] == {"PasswordLength": 64, "ExcludePunctuation": True}
    assert secret["Properties"]["Description"] == "SECRET_KEY of web, worker in shop-production"
    assert after.template["Outputs"][f"{fresh}Arn"]["Value"] == {"Ref": fresh}
    assert holds_data(fresh, secret["Type"], secret), "its loss must be agreed to"
