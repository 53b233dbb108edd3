package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	strict "sigs.k8s.io/yaml"
)

// manifests are what a folder holds.
type manifests struct {
	deployments []appsv1.Deployment
	jobs        []batchv1.Job
	services    []corev1.Service
	budgets     []policyv1.PodDisruptionBudget
	faults      []error
	count       int
}

// kubernetes decodes every manifest of a folder strictly and checks that they fit each other.
func kubernetes(folder string) error {
	files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
	if err != nil || len(files) == 0 {
		return fmt.Errorf("no manifests in %s: %w", folder, err)
	}
	m := &manifests{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		reader := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
		for {
			document, err := reader.Read()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("%s: %w", file, err)
			}
			if len(bytes.TrimSpace(document)) == 0 {
				continue
			}
			if err := m.add(document); err != nil {
				m.faults = append(m.faults, fmt.Errorf("%s: %w", file, err))
			}
		}
	}
	m.check()
	fmt.Printf("%s: %d manifests\n", folder, m.count)
	return errors.Join(m.faults...)
}

func (m *manifests) add(document []byte) error {
	var kind metav1.TypeMeta
	if err := strict.Unmarshal(document, &kind); err != nil {
		return err
	}
	m.count++
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 Deployment":
		return decoded(document, &m.deployments)
	case "batch/v1 Job":
		return decoded(document, &m.jobs)
	case "v1 Service":
		return decoded(document, &m.services)
	case "policy/v1 PodDisruptionBudget":
		return decoded(document, &m.budgets)
	case "networking.k8s.io/v1 NetworkPolicy":
		return decoded(document, &[]networkingv1.NetworkPolicy{})
	case "networking.k8s.io/v1 Ingress":
		return decoded(document, &[]networkingv1.Ingress{})
	case "v1 Secret":
		return decoded(document, &[]corev1.Secret{})
	case "v1 ConfigMap":
		return decoded(document, &[]corev1.ConfigMap{})
	case "v1 Namespace":
		return decoded(document, &[]corev1.Namespace{})
	case "v1 ServiceAccount":
		return decoded(document, &[]corev1.ServiceAccount{})
	}
	return fmt.Errorf("%s %s is not known here", kind.APIVersion, kind.Kind)
}

// decoded appends a document to a list, if it has no field that its type does not have.
func decoded[T any](document []byte, list *[]T) error {
	var object T
	if err := strict.UnmarshalStrict(document, &object); err != nil {
		return err
	}
	*list = append(*list, object)
	return nil
}

func (m *manifests) fault(format string, args ...any) {
	m.faults = append(m.faults, fmt.Errorf(format, args...))
}

func (m *manifests) check() {
	for _, d := range m.deployments {
		m.pod("deployment "+d.Name, d.Spec.Template.ObjectMeta, d.Spec.Template.Spec)
		m.drains(d)
		set := labels.Set(d.Spec.Template.Labels)
		selected := func(what string, selector labels.Selector) {
			if !selector.Matches(set) {
				m.fault("%s does not select the pods of deployment %s", what, d.Name)
			}
		}
		own, err := metav1.LabelSelectorAsSelector(d.Spec.Selector)
		if err != nil {
			m.fault("deployment %s: %w", d.Name, err)
			continue
		}
		selected("its own selector", own)
		for _, s := range m.services {
			selected("service "+s.Name, labels.SelectorFromSet(s.Spec.Selector))
		}
		for _, b := range m.budgets {
			if selector, err := metav1.LabelSelectorAsSelector(b.Spec.Selector); err == nil {
				selected("budget "+b.Name, selector)
			}
		}
	}
	for _, j := range m.jobs {
		m.pod("job "+j.Name, j.Spec.Template.ObjectMeta, j.Spec.Template.Spec)
	}
	if len(m.deployments) == 0 || len(m.jobs) == 0 || len(m.services) == 0 || len(m.budgets) == 0 {
		m.fault("a deployment, a job, a service or a disruption budget is missing")
	}
}

// pod holds a pod against the restricted standard of Kubernetes' own Pod Security Admission.
func (m *manifests) pod(name string, meta metav1.ObjectMeta, spec corev1.PodSpec) {
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks())
	if err != nil {
		m.fault("%w", err)
		return
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: api.LatestVersion()}
	for _, result := range evaluator.EvaluatePod(restricted, &meta, &spec) {
		if !result.Allowed {
			m.fault("%s: %s: %s", name, result.ForbiddenReason, result.ForbiddenDetail)
		}
	}
	for _, c := range spec.Containers {
		if c.Resources.Requests.Memory().IsZero() || c.Resources.Limits.Memory().IsZero() {
			m.fault("%s: container %s says nothing of its memory", name, c.Name)
		}
		if c.SecurityContext == nil || c.SecurityContext.ReadOnlyRootFilesystem == nil || !*c.SecurityContext.ReadOnlyRootFilesystem {
			m.fault("%s: container %s may write to its root file system", name, c.Name)
		}
	}
}

// stopWithin is what `iagent serve` takes at the most after SHUTDOWN_DELAY: 20 s for what is under way, and a few for the rest.
const stopWithin = 30 * time.Second

// drains holds that a pod has its probes, and is not killed while it stops.
func (m *manifests) drains(d appsv1.Deployment) {
	spec := d.Spec.Template.Spec
	for _, c := range spec.Containers {
		if c.ReadinessProbe == nil || c.LivenessProbe == nil || c.StartupProbe == nil {
			m.fault("deployment %s: container %s lacks a probe", d.Name, c.Name)
			continue
		}
		var delay time.Duration
		for _, variable := range c.Env {
			if variable.Name == "SHUTDOWN_DELAY" {
				delay, _ = time.ParseDuration(variable.Value)
			}
		}
		unready := time.Duration(c.ReadinessProbe.PeriodSeconds*c.ReadinessProbe.FailureThreshold) * time.Second
		if delay <= unready {
			m.fault("deployment %s: SHUTDOWN_DELAY is %s, and a pod is found to be not ready after %s only", d.Name, delay, unready)
		}
		grace := time.Duration(0)
		if spec.TerminationGracePeriodSeconds != nil {
			grace = time.Duration(*spec.TerminationGracePeriodSeconds) * time.Second
		}
		if grace < delay+stopWithin {
			m.fault("deployment %s: the pod is killed after %s, and may need %s", d.Name, grace, delay+stopWithin)
		}
	}
}
