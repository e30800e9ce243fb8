"""What whoever deploys may need on AWS, as statements of an IAM policy: all that HiveMind's own templates can hold."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

STATEMENTS: Mapping[str, tuple[str, tuple[str, ...]]] = MappingProxyType(
    {
        "Stacks": (
            """
            cloudformation:CancelUpdateStack cloudformation:ContinueUpdateRollback
            cloudformation:CreateChangeSet cloudformation:CreateStack cloudformation:DeleteChangeSet
            cloudformation:DeleteStack cloudformation:Describe* cloudformation:DetectStackDrift
            cloudformation:ExecuteChangeSet cloudformation:Get* cloudformation:List*
            cloudformation:RollbackStack cloudformation:SetStackPolicy
            cloudformation:UpdateTerminationProtection
            """,
            ("arn:aws:cloudformation:*:*:stack/{name}-*",),
        ),
        "Look": (
            """
            acm:DescribeCertificate cloudformation:DescribeStackDriftDetectionStatus
            cloudformation:ListStacks cloudtrail:LookupEvents ec2:Describe* ec2:GetConsoleOutput
            elasticache:Describe* elasticache:ListTagsForResource elasticloadbalancing:Describe*
            logs:DescribeLogGroups rds:Describe* rds:ListTagsForResource
            secretsmanager:GetRandomPassword servicequotas:GetAWSDefaultServiceQuota
            servicequotas:GetServiceQuota ssm:DescribeInstanceInformation ssm:GetCommandInvocation
            sts:GetCallerIdentity
            """,
            ("*",),
        ),
        "NetworkAndInstances": (
            """
            ec2-instance-connect:OpenTunnel ec2-instance-connect:SendSSHPublicKey ec2:AllocateAddress
            ec2:AssociateAddress ec2:AssociateIamInstanceProfile ec2:AssociateRouteTable
            ec2:AttachInternetGateway ec2:AttachVolume ec2:AuthorizeSecurityGroupEgress
            ec2:AuthorizeSecurityGroupIngress ec2:CreateInstanceConnectEndpoint ec2:CreateInternetGateway
            ec2:CreateNatGateway ec2:CreateNetworkInterface ec2:CreateRoute ec2:CreateRouteTable
            ec2:CreateSecurityGroup ec2:CreateSubnet ec2:CreateTags ec2:CreateVpc ec2:CreateVpcEndpoint
            ec2:Delete* ec2:DetachInternetGateway ec2:DetachVolume ec2:DisassociateAddress
            ec2:DisassociateIamInstanceProfile ec2:DisassociateRouteTable ec2:ImportKeyPair ec2:Modify*
            ec2:MonitorInstances ec2:ReleaseAddress ec2:ReplaceIamInstanceProfileAssociation
            ec2:ReplaceRoute ec2:RevokeSecurityGroupEgress ec2:RevokeSecurityGroupIngress ec2:RunInstances
            ec2:StartInstances ec2:StopInstances ec2:TerminateInstances ec2:UnmonitorInstances
            ec2:UpdateSecurityGroupRuleDescriptions*
            """,
            ("*",),
        ),
        "BalancersAndData": (
            """
            elasticache:AddTags* elasticache:Create* elasticache:De* elasticache:IncreaseReplicaCount
            elasticache:Modify* elasticache:RemoveTags* elasticloadbalancing:Add*
            elasticloadbalancing:Create* elasticloadbalancing:De* elasticloadbalancing:Modify*
            elasticloadbalancing:Re* elasticloadbalancing:Set* rds:AddTags* rds:CreateDBInstance
            rds:CreateDBSnapshot rds:CreateDBSubnetGroup rds:DeleteDB* rds:ModifyDB* rds:RebootDBInstance
            rds:RemoveTags* rds:RestoreDBInstanceFromDBSnapshot secretsmanager:CreateSecret
            secretsmanager:DeleteSecret secretsmanager:DescribeSecret secretsmanager:GetSecretValue
            secretsmanager:PutSecretValue secretsmanager:RestoreSecret secretsmanager:TagResource
            secretsmanager:UntagResource secretsmanager:UpdateSecret
            """,
            ("*",),
        ),
        "Archives": (
            """
            s3:*agResource s3:AbortMultipartUpload s3:Create* s3:Delete* s3:Get* s3:List* s3:Put*
            """,
            (
                "arn:aws:s3:::{name}-*",
                "arn:aws:s3:::{name}-*/*",
            ),
        ),
        "RolesOfInstances": (
            """
            iam:Add* iam:AttachRolePolicy iam:CreateInstanceProfile iam:CreateRole iam:Delete*
            iam:DetachRolePolicy iam:Get* iam:List* iam:PassRole iam:Put* iam:Remove* iam:TagRole
            iam:UntagRole iam:UpdateAssumeRolePolicy iam:UpdateRole iam:UpdateRoleDescription
            """,
            (
                "arn:aws:iam::*:role/{name}-*",
                "arn:aws:iam::*:instance-profile/{name}-*",
            ),
        ),
        "OwnPermissions": (
            """
            iam:GetRole iam:SimulatePrincipalPolicy
            """,
            ("arn:aws:iam::*:role/*", "arn:aws:iam::*:user/*"),
        ),
        "RolesOfServices": (
            """
            iam:CreateServiceLinkedRole
            """,
            ("arn:aws:iam::*:role/aws-service-role/*",),
        ),
        "ImagesAndKey": (
            """
            ssm:DeleteParameter ssm:GetParameter ssm:PutParameter
            """,
            (
                "arn:aws:ssm:*:*:parameter/hivemind/*",
                "arn:aws:ssm:*::parameter/aws/service/*",
            ),
        ),
        "NamesAndCertificates": (
            """
            acm:AddTagsToCertificate acm:DeleteCertificate acm:DescribeCertificate acm:ListTagsForCertificate
            acm:RemoveTagsFromCertificate acm:RequestCertificate acm:UpdateCertificateOptions
            route53:ChangeResourceRecordSets route53:GetChange route53:GetHostedZone route53:ListHostedZones
            route53:ListResourceRecordSets
            """,
            ("*",),
        ),
        "HoursOfOperation": (
            """
            scheduler:CreateSchedule scheduler:DeleteSchedule scheduler:GetSchedule
            scheduler:UpdateSchedule
            """,
            ("arn:aws:scheduler:*:*:schedule/default/{name}-*",),
        ),
        "ScalingGroups": (
            """
            autoscaling:Attach* autoscaling:Create* autoscaling:De* autoscaling:Disable*
            autoscaling:Enable* autoscaling:Put* autoscaling:Resume* autoscaling:Set*
            autoscaling:Su* autoscaling:Update*
            cloudwatch:DeleteAlarms cloudwatch:DescribeAlarms cloudwatch:PutMetricAlarm
            ec2:CreateLaunchTemplate*
            """,
            ("*",),
        ),
        "QueuesAndTopics": (
            """
            sns:CreateTopic sns:DeleteTopic sns:Get* sns:List* sns:PutDataProtectionPolicy sns:Set*
            sns:Subscribe sns:TagResource sns:Unsubscribe sns:UntagResource
            sqs:CreateQueue sqs:DeleteQueue sqs:Get* sqs:List* sqs:SetQueueAttributes sqs:TagQueue
            sqs:UntagQueue
            """,
            (
                "arn:aws:sns:*:*:{name}-*",
                "arn:aws:sqs:*:*:{name}-*",
            ),
        ),
        "HostKeys": (
            """
            ssm:SendCommand
            """,
            (
                "arn:aws:ssm:*::document/AWS-RunShellScript",
                "arn:aws:ec2:*:*:instance/*",
            ),
        ),
    }
)
"""Sid -> actions, and ARNs, in which `{name}` is the blueprint's name. docs/permissions.md shows them all."""

OWN_CALLS = """
    autoscaling:DescribeAutoScalingGroups cloudformation:DescribeChangeSet cloudformation:DescribeEvents
    cloudformation:DescribeStackDriftDetectionStatus cloudformation:DescribeStackEvents
    cloudformation:DescribeStackResourceDrifts cloudformation:DescribeStackResources
    cloudformation:DescribeStacks cloudformation:DetectStackDrift cloudformation:GetStackPolicy
    cloudformation:GetTemplate cloudformation:ListStackResources cloudformation:ListStacks
    ec2-instance-connect:OpenTunnel ec2:DescribeInstanceConnectEndpoints ec2:DescribeInstances
    ec2:GetConsoleOutput elasticache:DescribeSnapshots elasticloadbalancing:DescribeLoadBalancerAttributes
    elasticloadbalancing:DescribeTargetHealth logs:DescribeLogGroups rds:DescribeDBClusters
    rds:DescribeDBInstances rds:DescribeDBSnapshots s3:GetObject s3:ListBucket s3:ListBucketVersions
    secretsmanager:DescribeSecret secretsmanager:GetSecretValue ssm:DescribeInstanceInformation
    ssm:GetCommandInvocation ssm:GetParameter sts:GetCallerIdentity
"""
"""What HiveMind itself reads; `mutations.ALLOWED` has what it changes."""

LOOKS = """
    acm:DescribeCertificate cloudformation:ListChangeSets cloudtrail:LookupEvents ec2:DescribeAddresses
    ec2:DescribeAvailabilityZones
    ec2:DescribeImages ec2:DescribeInstanceTypeOfferings ec2:DescribeInstanceTypes ec2:DescribeInternetGateways
    ec2:DescribeKeyPairs ec2:DescribeNatGateways ec2:DescribeNetworkInterfaces ec2:DescribeSecurityGroups
    ec2:DescribeSubnets ec2:DescribeTransitGatewayVpcAttachments ec2:DescribeVpcPeeringConnections
    ec2:DescribeVpcs elasticache:DescribeCacheEngineVersions elasticache:DescribeReplicationGroups
    elasticloadbalancing:DescribeLoadBalancers elasticloadbalancing:DescribeTargetGroups iam:GetRole
    iam:ListAttachedRolePolicies iam:ListInstanceProfilesForRole iam:ListRolePolicies
    iam:SimulatePrincipalPolicy rds:DescribeDBEngineVersions rds:DescribeOrderableDBInstanceOptions
    servicequotas:GetAWSDefaultServiceQuota servicequotas:GetServiceQuota
"""
"""What the preflight (docs/preflight.md), `hivemind drift` and a deletion that failed read where they may. Nothing
fails without them."""

STATE_BUCKET = ("s3:GetBucketVersioning", "s3:GetEncryptionConfiguration", "s3:ListBucket")
"""What is read of a bucket that the state is kept in; its objects have actions of their own."""

S3_CALLS: Mapping[str, str] = MappingProxyType(
    {
        "s3:DeleteObjects": "s3:DeleteObject", "s3:CompleteMultipartUpload": "s3:PutObject",
        "s3:CreateMultipartUpload": "s3:PutObject", "s3:UploadPart": "s3:PutObject",
        "s3:GetBucketEncryption": "s3:GetEncryptionConfiguration",
    }
)  # fmt: skip
"""Calls that IAM knows under another name (Amazon S3 user guide, "Required permissions for S3 API operations")."""
