"""All that an account has in a region, by kind: what a deleted stack must not leave."""

from typing import Any

from .aws import AWS


def inventory(aws: AWS) -> dict[str, list[str]]:
    found = _network(aws) | _machines(aws) | _tasks(aws) | _state(aws) | _rights(aws)
    return {kind: sorted(ids) for kind, ids in found.items() if ids}


def _network(aws: AWS) -> dict[str, list[str]]:
    ec2, own = aws.ec2, [v["VpcId"] for v in aws.ec2.describe_vpcs()["Vpcs"] if not v.get("IsDefault")]
    in_own = [{"Name": "vpc-id", "Values": own or ["none"]}]
    return {
        "vpc": own,
        "subnet": [s["SubnetId"] for s in ec2.describe_subnets(Filters=in_own)["Subnets"]],
        "security group": [g["GroupId"] for g in ec2.describe_security_groups(Filters=in_own)["SecurityGroups"] if g["GroupName"] != "default"],
        "internet gateway": [g["InternetGatewayId"] for g in ec2.describe_internet_gateways()["InternetGateways"]],
        "route table": [r["RouteTableId"] for r in ec2.describe_route_tables(Filters=in_own)["RouteTables"] if not any(a["Main"] for a in r["Associations"])],
        "network interface": [n["NetworkInterfaceId"] for n in ec2.describe_network_interfaces(Filters=in_own)["NetworkInterfaces"]],
        "load balancer": [b["LoadBalancerArn"] for b in aws.elbv2.describe_load_balancers()["LoadBalancers"]],
        "target group": [t["TargetGroupArn"] for t in aws.elbv2.describe_target_groups()["TargetGroups"]],
        "name": [
            r["Name"]
            for z in aws.route53.list_hosted_zones()["HostedZones"]
            for r in aws.route53.list_resource_record_sets(HostedZoneId=z["Id"])["ResourceRecordSets"]
            if r["Type"] not in ("NS", "SOA")
        ],
    }


def _machines(aws: AWS) -> dict[str, list[str]]:
    machines = [i for r in aws.ec2.describe_instances()["Reservations"] for i in r["Instances"]]
    return {
        "machine": [i["InstanceId"] for i in machines if i["State"]["Name"] not in ("terminated", "shutting-down")],
        "launch template": [t["LaunchTemplateId"] for t in aws.ec2.describe_launch_templates()["LaunchTemplates"]],
        "group of machines": [g["AutoScalingGroupName"] for g in aws.autoscaling.describe_auto_scaling_groups()["AutoScalingGroups"]],
        "volume": [v["VolumeId"] for v in aws.ec2.describe_volumes()["Volumes"]],
        # moto's machine images have hundreds, without a tag.
        "snapshot of a volume": [s["SnapshotId"] for s in aws.ec2.describe_snapshots(Filters=[{"Name": "tag-key", "Values": ["stack"]}])["Snapshots"]],
    }


def _tasks(aws: AWS) -> dict[str, list[str]]:
    known = aws.ecs.describe_clusters(clusters=aws.ecs.list_clusters()["clusterArns"])["clusters"]
    clusters = [c["clusterArn"] for c in known if c["status"] == "ACTIVE"]
    return {
        "cluster": clusters,
        "service": [s for c in clusters for s in aws.ecs.list_services(cluster=c)["serviceArns"]],
        "task": [t for c in clusters for t in aws.ecs.list_tasks(cluster=c)["taskArns"]],
        "task definition": aws.ecs.list_task_definitions(status="ACTIVE")["taskDefinitionArns"],
        "function": [f["FunctionName"] for f in aws.lambda_.list_functions()["Functions"]],
    }


def _state(aws: AWS) -> dict[str, list[str]]:
    systems = [f["FileSystemId"] for f in aws.efs.describe_file_systems()["FileSystems"]]
    return {
        "file system": systems,
        "mount target": [m["MountTargetId"] for f in systems for m in aws.efs.describe_mount_targets(FileSystemId=f)["MountTargets"]],
        "access point": [a["AccessPointId"] for a in aws.efs.describe_access_points()["AccessPoints"]],
        "database": [d["DBInstanceIdentifier"] for d in aws.rds.describe_db_instances()["DBInstances"]],
        "subnets of a database": [g["DBSubnetGroupName"] for g in aws.rds.describe_db_subnet_groups()["DBSubnetGroups"]],
        "snapshot of a database": [s["DBSnapshotIdentifier"] for s in aws.rds.describe_db_snapshots(SnapshotType="manual")["DBSnapshots"]],
        "log group": [g["logGroupName"] for g in aws.logs.describe_log_groups()["logGroups"]],
        "secret": [s["ARN"] for s in aws.secretsmanager.list_secrets()["SecretList"]],
    }


def _rights(aws: AWS) -> dict[str, list[str]]:
    def all_of(operation: str, key: str, **asked: Any) -> list[Any]:
        return [one for page in aws.iam.get_paginator(operation).paginate(**asked) for one in page[key]]

    return {
        "role": [r["RoleName"] for r in all_of("list_roles", "Roles")],
        "policy": [p["Arn"] for p in all_of("list_policies", "Policies", Scope="Local")],
        "instance profile": [p["InstanceProfileName"] for p in all_of("list_instance_profiles", "InstanceProfiles")],
    }
