// Command hyper is a whole Kubernetes control plane and kubelet in one file, for
// tests: its first argument says which program it is. It adds nothing to them.
// Everything that is known about starting them stands in package cluster.
package main

import (
	"context"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
	manager "k8s.io/kubernetes/cmd/kube-controller-manager/app"
	scheduler "k8s.io/kubernetes/cmd/kube-scheduler/app"
	kubelet "k8s.io/kubernetes/cmd/kubelet/app"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "usage: hyper etcd|apiserver|controller-manager|scheduler|kubelet FLAGS")
		os.Exit(2)
	}
	name, rest := os.Args[1], os.Args[2:]
	if name == "etcd" {
		etcdmain.Main(append([]string{"etcd"}, rest...))
		return
	}
	var command *cobra.Command
	switch name {
	case "apiserver":
		command = apiserver.NewAPIServerCommand()
	case "controller-manager":
		command = manager.NewControllerManagerCommand()
	case "scheduler":
		command = scheduler.NewSchedulerCommand()
	case "kubelet":
		// It listens for signals by itself: a second listener panics.
		command = kubelet.NewKubeletCommand(context.Background())
	default:
		fmt.Fprintf(os.Stderr, "hyper: no program %q\n", name)
		os.Exit(2)
	}
	command.SetArgs(rest)
	// The kubelet parses its flags itself, from os.Args.
	os.Args = append([]string{name}, rest...)
	os.Exit(cli.Run(command))
}
