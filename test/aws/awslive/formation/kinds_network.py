"""Networks, load balancers and names."""

from typing import Any

from .kinds import Kind, Made, Place, tags, without


def _tagged(kind: str, properties: dict[str, Any], place: Place) -> list[dict[str, Any]]:
    # EC2 keeps the prefix aws: for itself.
    return [{"ResourceType": kind, "Tags": [t for t in tags(properties, place) if not t["Key"].startswith("aws:")] + [{"Key": "stack", "Value": place.stack}]}]


def vpc(aws: Any, p: dict[str, Any], place: Place) -> Made:
    id = aws.ec2.create_vpc(CidrBlock=p["CidrBlock"], TagSpecifications=_tagged("vpc", p, place))["Vpc"]["VpcId"]
    for name in ("EnableDnsSupport", "EnableDnsHostnames"):
        if name in p:
            aws.ec2.modify_vpc_attribute(VpcId=id, **{name: {"Value": p[name] in (True, "true")}})
    return id, {"CidrBlock": p["CidrBlock"]}


def gateway(aws: Any, p: dict[str, Any], place: Place) -> Made:
    return aws.ec2.create_internet_gateway(TagSpecifications=_tagged("internet-gateway", p, place))["InternetGateway"]["InternetGatewayId"], {}


def attach(aws: Any, p: dict[str, Any], place: Place) -> Made:
    aws.call("ec2", "attach_internet_gateway", p)
    return f"{p['InternetGatewayId']}|{p['VpcId']}", {}


def route_table(aws: Any, p: dict[str, Any], place: Place) -> Made:
    return aws.ec2.create_route_table(VpcId=p["VpcId"], TagSpecifications=_tagged("route-table", p, place))["RouteTable"]["RouteTableId"], {}


def route(aws: Any, p: dict[str, Any], place: Place) -> Made:
    aws.call("ec2", "create_route", p)
    return f"{p['RouteTableId']}|{p['DestinationCidrBlock']}", {}


def subnet(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.call("ec2", "create_subnet", without(p, "Tags"), TagSpecifications=_tagged("subnet", p, place))["Subnet"]
    return made["SubnetId"], {"AvailabilityZone": made["AvailabilityZone"], "VpcId": made["VpcId"]}


def association(aws: Any, p: dict[str, Any], place: Place) -> Made:
    return aws.call("ec2", "associate_route_table", p)["AssociationId"], {}


def _permissions(rules: list[dict[str, Any]]) -> list[dict[str, Any]]:
    out = []
    for rule in rules:
        one: dict[str, Any] = {"IpProtocol": str(rule["IpProtocol"])}
        if "FromPort" in rule:
            one |= {"FromPort": int(rule["FromPort"]), "ToPort": int(rule["ToPort"])}
        told = {"Description": rule["Description"]} if "Description" in rule else {}
        if "CidrIp" in rule:
            one["IpRanges"] = [{"CidrIp": rule["CidrIp"]} | told]
        if "CidrIpv6" in rule:
            one["Ipv6Ranges"] = [{"CidrIpv6": rule["CidrIpv6"]} | told]
        if "SourceSecurityGroupId" in rule:
            one["UserIdGroupPairs"] = [{"GroupId": rule["SourceSecurityGroupId"]} | told]
        out.append(one)
    return out


def _set_rules(aws: Any, id: str, p: dict[str, Any], old: dict[str, Any] | None) -> None:
    for name, way in (("SecurityGroupIngress", "ingress"), ("SecurityGroupEgress", "egress")):
        before, after = (old or {}).get(name), p.get(name)
        if before == after:
            continue
        if before:
            getattr(aws.ec2, "revoke_security_group_" + way)(GroupId=id, IpPermissions=_permissions(before))
        elif way == "egress":  # the rule that every new group has
            aws.ec2.revoke_security_group_egress(GroupId=id, IpPermissions=[{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}])
        if after:
            getattr(aws.ec2, "authorize_security_group_" + way)(GroupId=id, IpPermissions=_permissions(after))


def group(aws: Any, p: dict[str, Any], place: Place) -> Made:
    id = aws.ec2.create_security_group(
        GroupName=place.name, Description=p["GroupDescription"], VpcId=p["VpcId"], TagSpecifications=_tagged("security-group", p, place)
    )["GroupId"]
    _set_rules(aws, id, p, None)
    return id, {"GroupId": id}


def change_group(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any], place: Place) -> dict[str, Any] | None:
    rules = ("SecurityGroupIngress", "SecurityGroupEgress")
    if without(old, *rules) != without(new, *rules):
        return None
    _set_rules(aws, id, new, old)
    return {"GroupId": id}


def balancer(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.call("elbv2", "create_load_balancer", without(p, "LoadBalancerAttributes"), Name=place.name[:32].strip("-"))["LoadBalancers"][0]
    arn = made["LoadBalancerArn"]
    aws.elbv2.modify_load_balancer_attributes(LoadBalancerArn=arn, Attributes=p["LoadBalancerAttributes"])
    return arn, {"DNSName": made["DNSName"], "CanonicalHostedZoneID": made.get("CanonicalHostedZoneId", "Z1")}


def targets(aws: Any, p: dict[str, Any], place: Place) -> Made:
    made = aws.call("elbv2", "create_target_group", without(p, "TargetGroupAttributes", "UnhealthyThresholdCount"), Name=place.name[:32].strip("-"), UnhealthyThresholdCount=int(p["UnhealthyThresholdCount"]))
    arn = made["TargetGroups"][0]["TargetGroupArn"]
    aws.elbv2.modify_target_group_attributes(TargetGroupArn=arn, Attributes=p["TargetGroupAttributes"])
    return arn, {}


def listener(aws: Any, p: dict[str, Any], place: Place) -> Made:
    return aws.call("elbv2", "create_listener", p)["Listeners"][0]["ListenerArn"], {}


def change_listener(aws: Any, id: str, old: dict[str, Any], new: dict[str, Any], place: Place) -> dict[str, Any] | None:
    if old["LoadBalancerArn"] != new["LoadBalancerArn"]:
        return None
    aws.call("elbv2", "modify_listener", without(new, "LoadBalancerArn"), ListenerArn=id)
    return {}


def _record(aws: Any, action: str, p: dict[str, Any]) -> None:
    record = without(p, "HostedZoneId")
    record["AliasTarget"] = {"EvaluateTargetHealth": False} | record["AliasTarget"]
    aws.route53.change_resource_record_sets(
        HostedZoneId=p["HostedZoneId"], ChangeBatch={"Changes": [{"Action": action, "ResourceRecordSet": record}]}
    )


def name(aws: Any, p: dict[str, Any], place: Place) -> Made:
    _record(aws, "CREATE", p)
    return p["Name"], {}


KINDS = {
    "AWS::EC2::VPC": Kind(vpc, lambda aws, id, p: aws.ec2.delete_vpc(VpcId=id)),
    "AWS::EC2::InternetGateway": Kind(gateway, lambda aws, id, p: aws.ec2.delete_internet_gateway(InternetGatewayId=id)),
    "AWS::EC2::VPCGatewayAttachment": Kind(attach, lambda aws, id, p: aws.call("ec2", "detach_internet_gateway", p)),
    "AWS::EC2::RouteTable": Kind(route_table, lambda aws, id, p: aws.ec2.delete_route_table(RouteTableId=id)),
    "AWS::EC2::Route": Kind(
        route, lambda aws, id, p: aws.ec2.delete_route(RouteTableId=p["RouteTableId"], DestinationCidrBlock=p["DestinationCidrBlock"])
    ),
    "AWS::EC2::Subnet": Kind(subnet, lambda aws, id, p: aws.ec2.delete_subnet(SubnetId=id)),
    "AWS::EC2::SubnetRouteTableAssociation": Kind(association, lambda aws, id, p: aws.ec2.disassociate_route_table(AssociationId=id)),
    "AWS::EC2::SecurityGroup": Kind(group, lambda aws, id, p: aws.ec2.delete_security_group(GroupId=id), change_group),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": Kind(balancer, lambda aws, id, p: aws.elbv2.delete_load_balancer(LoadBalancerArn=id)),
    "AWS::ElasticLoadBalancingV2::TargetGroup": Kind(targets, lambda aws, id, p: aws.elbv2.delete_target_group(TargetGroupArn=id)),
    "AWS::ElasticLoadBalancingV2::Listener": Kind(
        listener, lambda aws, id, p: aws.elbv2.delete_listener(ListenerArn=id), change_listener
    ),
    "AWS::Route53::RecordSet": Kind(name, lambda aws, id, p: _record(aws, "DELETE", p)),
}
