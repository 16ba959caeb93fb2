package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"gopkg.in/yaml.v3"

	"github.com/pollmux/pollmux/config"
)

// What ships beside the program says what the program takes.

const deploy = "deploy"

func shipped(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(deploy, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// valid reads a configuration that ships.
func valid(t *testing.T, name, text string) *config.Config {
	t.Helper()
	c, err := config.Parse(name, []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// parses fails unless pollmux takes a command line, and returns its --config.
func parses(t *testing.T, line []string) (file string) {
	t.Helper()
	cmd, rest, err := newRoot().Find(line)
	if err == nil {
		err = cmd.ParseFlags(rest)
	}
	if err != nil || !cmd.HasParent() {
		t.Fatalf("%v: %v", line, err)
	}
	if f := cmd.Flags().Lookup("config"); f != nil {
		file = f.Value.String()
	}
	return file
}

func portOf(t *testing.T, address string) string {
	t.Helper()
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	return port
}

func TestTheUnitFitsTheProgram(t *testing.T) {
	unit, socket := shipped(t, "systemd/pollmux.service"), shipped(t, "systemd/pollmux.socket")
	one := func(text, key string) string {
		t.Helper()
		found := regexp.MustCompile(`(?m)^`+key+`=(.*)$`).FindAllStringSubmatch(text, -1)
		if len(found) != 1 {
			t.Fatalf("%s is there %d times", key, len(found))
		}
		return found[0][1]
	}
	line := strings.Fields(one(unit, "ExecStart"))
	if file := parses(t, line[1:]); file != "/etc/pollmux/pollmux.yaml" || filepath.Base(line[0]) != "pollmux" {
		t.Errorf("%v", line)
	}
	c := valid(t, "pollmux.yaml", shipped(t, "pollmux.yaml"))
	if port := one(socket, "ListenStream"); port != portOf(t, c.Listen[0].Address) {
		t.Errorf("the socket's port is %s, the configuration listens on %v", port, c.Listen)
	}
	stop, err := time.ParseDuration(one(unit, "TimeoutStopSec"))
	if err != nil || stop <= c.DrainDelay+c.DrainTimeout {
		t.Errorf("stopped after %v, %v; a drain takes %v", stop, err, c.DrainDelay+c.DrainTimeout)
	}
	if one(unit, "Type") != "notify" {
		t.Error("nobody waits for READY=1")
	}
}

func TestSystemdKnowsTheUnits(t *testing.T) {
	analyze := need(t, "systemd-analyze")
	dir := t.TempDir()
	service := strings.Replace(shipped(t, "systemd/pollmux.service"), "/usr/local/bin/pollmux", os.Args[0], 1)
	write(t, filepath.Join(dir, "pollmux.service"), service)
	write(t, filepath.Join(dir, "pollmux.socket"), shipped(t, "systemd/pollmux.socket"))
	out, err := exec.Command(analyze, "verify", "--man=no", filepath.Join(dir, "pollmux.socket"), filepath.Join(dir, "pollmux.service")).CombinedOutput()
	for line := range strings.Lines(string(out)) {
		if strings.Contains(line, "pollmux.") {
			t.Error(line)
		}
	}
	if err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestTheDockerfileFitsTheProgram(t *testing.T) {
	file := shipped(t, "Dockerfile")
	lists := map[string][]string{}
	for _, found := range regexp.MustCompile(`(?m)^(?:HEALTHCHECK .*)?(CMD|ENTRYPOINT) \[(.*)\]$`).FindAllStringSubmatch(file, -1) {
		var list []string
		if err := yaml.Unmarshal([]byte("["+found[2]+"]"), &list); err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(found[0], "HEALTHCHECK") {
			found[1] = "HEALTHCHECK"
		}
		lists[found[1]] = list
	}
	entry := lists["ENTRYPOINT"]
	if len(entry) != 1 || !strings.Contains(file, " "+entry[0]+"\n") {
		t.Errorf("the entry point %v is not copied", entry)
	}
	if path := parses(t, lists["CMD"]); !strings.Contains(file, "COPY cmd/pollmux/deploy/pollmux.yaml "+path+"\n") {
		t.Errorf("%s is not in the image", path)
	}
	parses(t, lists["HEALTHCHECK"][1:])
	mod, err := os.ReadFile("../../go.mod")
	if err != nil {
		t.Fatal(err)
	}
	version := regexp.MustCompile(`(?m)^go (\d+\.\d+)`).FindStringSubmatch(string(mod))[1]
	if !strings.Contains(file, "FROM golang:"+version+" ") {
		t.Errorf("it is not built with Go %s", version)
	}
	c := valid(t, "pollmux.yaml", shipped(t, "pollmux.yaml"))
	if want := "EXPOSE " + portOf(t, c.Listen[0].Address) + " " + portOf(t, c.Admin.Listen); !strings.Contains(file, want) {
		t.Errorf("no %s", want)
	}
}

func TestTheComposeFileFitsTheProgram(t *testing.T) {
	var file struct {
		Services struct {
			Pollmux struct {
				Build struct{ Context, Dockerfile string }
				Env   map[string]string `yaml:"environment"`
				Ports []string
				Grace time.Duration  `yaml:"stop_grace_period"`
				Rest  map[string]any `yaml:",inline"`
			}
			Origin struct{ Image string }
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(shipped(t, "compose.yaml")))
	decoder.KnownFields(true)
	if err := decoder.Decode(&file); err != nil {
		t.Fatal(err)
	}
	p := file.Services.Pollmux
	if _, err := os.Stat(filepath.Join(deploy, p.Build.Context, p.Build.Dockerfile)); err != nil {
		t.Error(err)
	}
	for name, value := range p.Env {
		if name == "POLLMUX_ADMIN_TOKEN" {
			value = "token"
		}
		t.Setenv(name, value)
	}
	c := valid(t, "pollmux.yaml", shipped(t, "pollmux.yaml"))
	if c.Admin.Listen != ":9090" || c.Admin.Token != "token" || c.Upstreams["api"].Servers[0].Host != "origin:80" {
		t.Errorf("%+v, %v", c.Admin, c.Upstreams["api"].Servers)
	}
	for _, want := range []string{c.Listen[0].Address, c.Admin.Listen} {
		if !slices.ContainsFunc(p.Ports, func(port string) bool { return strings.HasSuffix(port, want) }) {
			t.Errorf("%s is not published: %v", want, p.Ports)
		}
	}
	if p.Grace <= c.DrainDelay+c.DrainTimeout {
		t.Errorf("stopped after %v", p.Grace)
	}
}

// object is what matters here of the kinds in the manifest.
type object struct {
	Kind     string
	Metadata struct{ Name string }
	Data     map[string]string
	Spec     struct {
		MinAvailable int `yaml:"minAvailable"`
		Replicas     int
		Selector     any
		Ports        []struct {
			TargetPort string `yaml:"targetPort"`
		}
		Template struct {
			Metadata struct{ Labels map[string]string }
			Spec     struct {
				Grace      int `yaml:"terminationGracePeriodSeconds"`
				Containers []struct {
					Args  []string
					Env   []struct{ Name string }
					Ports []struct {
						Name string
						Port string `yaml:"containerPort"`
					}
					Liveness  probe `yaml:"livenessProbe"`
					Readiness probe `yaml:"readinessProbe"`
					Mounts    []struct {
						Path string `yaml:"mountPath"`
					} `yaml:"volumeMounts"`
				}
			}
		}
	}
}

type probe struct {
	Get struct{ Path, Port string } `yaml:"httpGet"`
}

func TestTheManifestFitsTheProgram(t *testing.T) {
	kinds := map[string]object{}
	decoder := yaml.NewDecoder(bytes.NewReader([]byte(shipped(t, "kubernetes/pollmux.yaml"))))
	for {
		var o object
		err := decoder.Decode(&o)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		kinds[o.Kind] = o
	}
	for _, kind := range []string{"ConfigMap", "Deployment", "Service", "PodDisruptionBudget"} {
		if kinds[kind].Metadata.Name != "pollmux" {
			t.Errorf("there is no %s", kind)
		}
	}
	t.Setenv("POLLMUX_ADMIN_TOKEN", "token")
	c := valid(t, "pollmux.yaml", kinds["ConfigMap"].Data["pollmux.yaml"])
	spec := kinds["Deployment"].Spec
	pod := spec.Template.Spec
	box := pod.Containers[0]
	if file := parses(t, box.Args); filepath.Dir(file) != box.Mounts[0].Path || filepath.Base(file) != "pollmux.yaml" {
		t.Errorf("%s is not mounted", file)
	}
	if grace := time.Duration(pod.Grace) * time.Second; grace <= c.DrainDelay+c.DrainTimeout || c.DrainDelay == 0 {
		t.Errorf("stopped after %v; a drain takes %v and %v", grace, c.DrainDelay, c.DrainTimeout)
	}
	ports := map[string]string{}
	for _, p := range box.Ports {
		ports[p.Name] = p.Port
	}
	if ports["http"] != portOf(t, c.Listen[0].Address) || ports["admin"] != portOf(t, c.Admin.Listen) {
		t.Errorf("ports: %v", ports)
	}
	if box.Liveness.Get.Path != "/healthz" || box.Readiness.Get.Path != "/readyz" || box.Liveness.Get.Port != "admin" || box.Readiness.Get.Port != "admin" {
		t.Errorf("probes: %v, %v", box.Liveness, box.Readiness)
	}
	if kinds["Service"].Spec.Ports[0].TargetPort != "http" || kinds["PodDisruptionBudget"].Spec.MinAvailable >= spec.Replicas {
		t.Error("the service or the budget does not fit")
	}
}
