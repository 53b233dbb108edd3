// Command validate checks the compose file and the Kubernetes manifests of this repository against the types of their own projects,
// without a cluster, a daemon or a network: an unknown field, or a value of another type, is an error. It has a module of its own, so
// that the program does not depend on any of this.
//
//	go run . compose FILE
//	go run . kubernetes FOLDER
//
// Exit codes: 0 fine, 1 something is wrong, 2 wrong arguments.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/compose-spec/compose-go/v2/cli"
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: validate compose FILE | kubernetes FOLDER")
		os.Exit(2)
	}
	var err error
	switch os.Args[1] {
	case "compose":
		err = compose(os.Args[2])
	case "kubernetes":
		err = kubernetes(os.Args[2])
	default:
		err = fmt.Errorf("what is %s?", os.Args[1])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// compose loads a compose file as Docker Compose does: its schema, its interpolation, and whether what services refer to is there.
func compose(file string) error {
	options, err := cli.NewProjectOptions([]string{file}, cli.WithOsEnv, cli.WithName("iagent"))
	if err != nil {
		return err
	}
	project, err := options.LoadProject(context.Background())
	if err != nil {
		return err
	}
	var faults []error
	for _, service := range project.Services {
		if service.HealthCheck == nil && service.Restart != "" && service.Restart != "no" {
			faults = append(faults, fmt.Errorf("service %s has no health check", service.Name))
		}
	}
	fmt.Printf("%s: %d services\n", file, len(project.Services))
	return errors.Join(faults...)
}
