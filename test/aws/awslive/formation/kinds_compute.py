"""What runs: clusters, task definitions, services, machines, functions."""

import io
import time
import zipfile
from typing import Any

from .kinds import Kind, Made, Place, tags, without

# How long a service's tasks may take to end.
PATIENCE = 60.0


def cluster(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.call("ecs", "create_cluster", p, clusterName=place.name)["cluster"]
    return place.name, {"Arn": made["clusterArn"]}


def definition(aws: Any, p: dict[str, Any], place: Place) -> Made:
    return aws.call("ecs", "register_task_definition", p)["taskDefinition"]["taskDefinitionArn"], {}


def service(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.call("ecs", "create_service", p, serviceName=place.name)["service"]
    return made["serviceArn"], {"Name": place.name}


def delete_service(aws: Any, id: str, p: dict[str, Any]) -> None:
    aws.ecs.delete_service(cluster=p["Cluster"], service=id, force=True)
    end = time.monotonic() + PATIENCE
    while _has_tasks(aws, p["Cluster"], "service:" + id.split("/")[-1]) and time.monotonic() < end:
        time.sleep(0.1)


def _has_tasks(aws: Any, cluster: str, group: str) -> bool:
    for state in ("RUNNING", "STOPPED"):
        arns = aws.ecs.list_tasks(cluster=cluster, desiredStatus=state)["taskArns"][:100]
        tasks = aws.ecs.describe_tasks(cluster=cluster, tasks=arns)["tasks"] if arns else []
        if any(t["lastStatus"] != "STOPPED" and t.get("group") == group for t in tasks):
            return True
    return False


CHANGES = ("Cluster", "TaskDefinition", "DesiredCount", "DeploymentConfiguration", "NetworkConfiguration", "HealthCheckGracePeriodSeconds")


def change_service(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any], place: Place) -> dict[str, Any] | None:
    if without(old, *CHANGES[1:]) != without(new, *CHANGES[1:]):
        return None
    aws.call("ecs", "update_service", {k: v for k, v in new.items() if k in CHANGES}, service=id)
    return {"Name": id.split("/")[-1]}


# A changed template is made anew: moto cannot start machines of a second version.
def template(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.call("ec2", "create_launch_template", p, LaunchTemplateName=place.name)["LaunchTemplate"]
    return made["LaunchTemplateId"], {"LatestVersionNumber": str(made["LatestVersionNumber"])}


def _group(p: dict[str, Any]) -> dict[str, Any]:
    return without(p, "Tags", "VPCZoneIdentifier") | {"VPCZoneIdentifier": ",".join(p["VPCZoneIdentifier"])}


def machines(aws: Any, p: dict[str, Any], place: Place) -> Made:
    own = [
        {"ResourceId": place.name, "ResourceType": "auto-scaling-group", "Key": t["Key"], "Value": t["Value"], "PropagateAtLaunch": True}
        for t in tags(p, place)
        if not t["Key"].startswith("aws:")
    ]
    aws.call("autoscaling", "create_auto_scaling_group", _group(p), AutoScalingGroupName=place.name, Tags=own)
    return place.name, {}


def change_machines(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any], place: Place) -> dict[str, Any]:
    """The rolling update of a group of one: the old machine ends, the group makes a new one."""
    aws.call("autoscaling", "update_auto_scaling_group", without(_group(new), "TargetGroupARNs"), AutoScalingGroupName=id)
    for group in aws.autoscaling.describe_auto_scaling_groups(AutoScalingGroupNames=[id])["AutoScalingGroups"]:
        for one in group["Instances"]:
            aws.autoscaling.terminate_instance_in_auto_scaling_group(InstanceId=one["InstanceId"], ShouldDecrementDesiredCapacity=False)
    return {}


def delete_machines(aws: Any, id: str, p: dict[str, Any]) -> None:
    aws.autoscaling.delete_auto_scaling_group(AutoScalingGroupName=id, ForceDelete=True)


def function(aws: Any, p: dict[str, Any], place: Place) -> Made:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as z:
        z.writestr("index.py", p["Code"]["ZipFile"])
    made = aws.call("lambda_", "create_function", without(p, "Code"), FunctionName=place.name, Code={"ZipFile": packed.getvalue()})
    return place.name, {"Arn": made["FunctionArn"]}


KINDS = {
    "AWS::ECS::Cluster": Kind(cluster, lambda aws, id, p: aws.ecs.delete_cluster(cluster=id)),
    "AWS::ECS::TaskDefinition": Kind(definition, lambda aws, id, p: aws.ecs.deregister_task_definition(taskDefinition=id)),
    "AWS::ECS::Service": Kind(service, delete_service, change_service),
    "AWS::EC2::LaunchTemplate": Kind(template, lambda aws, id, p: aws.ec2.delete_launch_template(LaunchTemplateId=id)),
    "AWS::AutoScaling::AutoScalingGroup": Kind(machines, delete_machines, change_machines),
    "AWS::Lambda::Function": Kind(function, lambda aws, id, p: aws.lambda_.delete_function(FunctionName=id)),
}
