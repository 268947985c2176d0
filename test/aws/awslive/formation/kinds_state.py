"""What keeps something: file systems, volumes, databases, logs, secrets, and who may use them."""

import json
from typing import Any

from .kinds import Kind, Made, Place, tags, without


def secret(aws: Any, p: dict[str, Any], place: Place) -> Made:
    wanted = p["GenerateSecretString"]
    word = aws.call("secretsmanager", "get_random_password", wanted)["RandomPassword"]
    arn = aws.secretsmanager.create_secret(Name=place.name, SecretString=word, Description=p.get("Description", ""))["ARN"]
    return arn, {}


def delete_secret(aws: Any, id: str, p: dict[str, Any]) -> None:
    aws.secretsmanager.delete_secret(SecretId=id, ForceDeleteWithoutRecovery=True)


def file_system(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.call("efs", "create_file_system", without(p, "FileSystemTags"), Tags=p.get("FileSystemTags", []), CreationToken=place.name)
    return made["FileSystemId"], {"Arn": made["FileSystemArn"]}


def mount(aws: Any, p: dict[str, Any], place: Place) -> Made:
    return aws.call("efs", "create_mount_target", p)["MountTargetId"], {}


def access_point(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.call("efs", "create_access_point", p, ClientToken=place.name)
    return made["AccessPointId"], {"Arn": made["AccessPointArn"]}


def volume(aws: Any, p: dict[str, Any], place: Place) -> Made:
    own = {"ResourceType": "volume", "Tags": p.get("Tags", []) + [{"Key": "stack", "Value": place.stack}]}
    return aws.call("ec2", "create_volume", without(p, "Tags"), TagSpecifications=[own])["VolumeId"], {}


def change_volume(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any], place: Place) -> dict[str, Any] | None:
    if without(old, "Size") != without(new, "Size"):
        return None
    aws.ec2.modify_volume(VolumeId=id, Size=int(new["Size"]))
    return {}


def snapshot_volume(aws: Any, id: str, place: Place) -> str:
    own = {"ResourceType": "snapshot", "Tags": [{"Key": "stack", "Value": place.stack}]}
    return aws.ec2.create_snapshot(VolumeId=id, TagSpecifications=[own])["SnapshotId"]


def subnet_group(aws: Any, p: dict[str, Any], place: Place) -> Made:
    aws.call("rds", "create_db_subnet_group", p, DBSubnetGroupName=place.name.lower(), Tags=tags(p, place))
    return place.name.lower(), {}


# What a database takes from its snapshot, and may not be told again.
FROM_SNAPSHOT = ("MasterUserPassword", "AllocatedStorage", "StorageEncrypted", "BackupRetentionPeriod", "EngineVersion")


def database(aws: Any, p: dict[str, Any], place: Place) -> Made:
    own = without(p, "VPCSecurityGroups", "DeleteAutomatedBackups") | {"VpcSecurityGroupIds": p["VPCSecurityGroups"]}
    id = place.name.lower()
    if "DBSnapshotIdentifier" in p:
        if "DBName" in p or "MasterUsername" in p:
            raise ValueError("a database from a snapshot has its name and its user already")
        aws.call("rds", "restore_db_instance_from_db_snapshot", without(own, *FROM_SNAPSHOT), DBInstanceIdentifier=id)
        aws.rds.modify_db_instance(DBInstanceIdentifier=id, MasterUserPassword=p["MasterUserPassword"])
    else:
        aws.call("rds", "create_db_instance", own, DBInstanceIdentifier=id, Tags=tags(p, place))
    end = aws.rds.describe_db_instances(DBInstanceIdentifier=id)["DBInstances"][0]["Endpoint"]
    return id, {"Endpoint.Address": end["Address"], "Endpoint.Port": str(end["Port"])}


def delete_database(aws: Any, id: str, p: dict[str, Any]) -> None:
    aws.rds.delete_db_instance(DBInstanceIdentifier=id, SkipFinalSnapshot=True, DeleteAutomatedBackups=True)


def snapshot_database(aws: Any, id: str, place: Place) -> str:
    name = f"{place.stack}-snapshot-{id}"[:200]
    aws.rds.create_db_snapshot(DBSnapshotIdentifier=name, DBInstanceIdentifier=id)
    return name


def log(aws: Any, p: dict[str, Any], place: Place) -> Made:
    aws.logs.create_log_group(logGroupName=place.name)
    aws.logs.put_retention_policy(logGroupName=place.name, retentionInDays=int(p["RetentionInDays"]))
    return place.name, {"Arn": f"arn:aws:logs:{aws.region}:{place.account}:log-group:{place.name}:*"}


def change_log(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any], place: Place) -> dict[str, Any]:
    aws.logs.put_retention_policy(logGroupName=id, retentionInDays=int(new["RetentionInDays"]))
    return {"Arn": f"arn:aws:logs:{aws.region}:{place.account}:log-group:{id}:*"}


def policy(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.iam.create_policy(PolicyName=place.name, PolicyDocument=json.dumps(p["PolicyDocument"]), Description=p.get("Description", ""))
    return made["Policy"]["Arn"], {}


def change_policy(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any], place: Place) -> dict[str, Any] | None:
    if without(old, "PolicyDocument") != without(new, "PolicyDocument"):
        return None
    aws.iam.create_policy_version(PolicyArn=id, PolicyDocument=json.dumps(new["PolicyDocument"]), SetAsDefault=True)
    return {}


def delete_policy(aws: Any, id: str, p: dict[str, Any]) -> None:
    for version in aws.iam.list_policy_versions(PolicyArn=id)["Versions"]:
        if not version["IsDefaultVersion"]:
            aws.iam.delete_policy_version(PolicyArn=id, VersionId=version["VersionId"])
    aws.iam.delete_policy(PolicyArn=id)


def role(aws: Any, p: dict[str, Any], place: Place) -> Made:
    trust = json.dumps(p["AssumeRolePolicyDocument"])
    aws.iam.create_role(RoleName=place.name, AssumeRolePolicyDocument=trust, Path=p.get("Path", "/"), Description=p.get("Description", ""))
    return place.name, _fill_role(aws, place.name, {}, p)


def _fill_role(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    for arn in set(old.get("ManagedPolicyArns", [])) - set(new.get("ManagedPolicyArns", [])):
        aws.iam.detach_role_policy(RoleName=id, PolicyArn=arn)
    for arn in set(new.get("ManagedPolicyArns", [])) - set(old.get("ManagedPolicyArns", [])):
        aws.iam.attach_role_policy(RoleName=id, PolicyArn=arn)
    names = {one["PolicyName"] for one in new.get("Policies", [])}
    for one in old.get("Policies", []):
        if one["PolicyName"] not in names:
            aws.iam.delete_role_policy(RoleName=id, PolicyName=one["PolicyName"])
    for one in new.get("Policies", []):
        aws.iam.put_role_policy(RoleName=id, PolicyName=one["PolicyName"], PolicyDocument=json.dumps(one["PolicyDocument"]))
    return {"Arn": aws.iam.get_role(RoleName=id)["Role"]["Arn"]}


def change_role(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any], place: Place) -> dict[str, Any] | None:
    if old.get("Path") != new.get("Path"):
        return None
    aws.iam.update_assume_role_policy(RoleName=id, PolicyDocument=json.dumps(new["AssumeRolePolicyDocument"]))
    return _fill_role(aws, id, old, new)


def delete_role(aws: Any, id: str, p: dict[str, Any]) -> None:
    _fill_role(aws, id, p, {})
    aws.iam.delete_role(RoleName=id)


def profile(aws: Any, p: dict[str, Any], place: Place) -> Made:
    arn = aws.iam.create_instance_profile(InstanceProfileName=place.name)["InstanceProfile"]["Arn"]
    for name in p["Roles"]:
        aws.iam.add_role_to_instance_profile(InstanceProfileName=place.name, RoleName=name)
    return place.name, {"Arn": arn}


def delete_profile(aws: Any, id: str, p: dict[str, Any]) -> None:
    for name in p["Roles"]:
        aws.iam.remove_role_from_instance_profile(InstanceProfileName=id, RoleName=name)
    aws.iam.delete_instance_profile(InstanceProfileName=id)


KINDS = {
    "AWS::SecretsManager::Secret": Kind(secret, delete_secret),
    "AWS::EFS::FileSystem": Kind(file_system, lambda aws, id, p: aws.efs.delete_file_system(FileSystemId=id)),
    "AWS::EFS::MountTarget": Kind(mount, lambda aws, id, p: aws.efs.delete_mount_target(MountTargetId=id)),
    "AWS::EFS::AccessPoint": Kind(access_point, lambda aws, id, p: aws.efs.delete_access_point(AccessPointId=id)),
    "AWS::EC2::Volume": Kind(volume, lambda aws, id, p: aws.ec2.delete_volume(VolumeId=id), change_volume, snapshot_volume),
    "AWS::RDS::DBSubnetGroup": Kind(subnet_group, lambda aws, id, p: aws.rds.delete_db_subnet_group(DBSubnetGroupName=id)),
    "AWS::RDS::DBInstance": Kind(database, delete_database, None, snapshot_database),
    "AWS::Logs::LogGroup": Kind(log, lambda aws, id, p: aws.logs.delete_log_group(logGroupName=id), change_log),
    "AWS::IAM::ManagedPolicy": Kind(policy, delete_policy, change_policy),
    "AWS::IAM::Role": Kind(role, delete_role, change_role),
    "AWS::IAM::InstanceProfile": Kind(profile, delete_profile),
}
