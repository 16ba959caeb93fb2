package stage

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/cmd/pollbench/child"
	"github.com/pollmux/pollmux/cmd/pollbench/proc"
)

// This program is started again as the children of its own tests.
func TestMain(m *testing.M) {
	if len(os.Args) == 4 && os.Args[1] == "child" {
		os.Exit(runChild(os.Args[2], os.Args[3]))
	}
	_ = os.Setenv("GORACE", "atexit_sleep_ms=0") // or each child takes a second to end
	os.Exit(m.Run())
}

// rude is a child that does not end when it is told to, and has one of its own.
const rude = "rude"

func runChild(kind, options string) int {
	if kind == rude {
		grandchild := exec.Command("sleep", "1000")
		if err := grandchild.Start(); err != nil {
			return 1
		}
		_ = json.NewEncoder(os.Stdout).Encode(child.Hello{Address: "nowhere"})
		_ = grandchild.Wait()
		return 0
	}
	err := child.Run(kind, options, child.Standard{In: os.Stdin, Out: os.Stdout, Err: os.Stderr})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 3
	}
	return 0
}

// newStage returns a stage that must leave nothing behind.
func newStage(t *testing.T) *Stage {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
		if left, err := os.ReadDir(dir); err != nil || len(left) > 0 {
			t.Errorf("left behind: %v, %v", left, err)
		}
		if left, err := proc.Children(os.Getpid()); err == nil && len(left) > 0 {
			t.Errorf("left running: %+v", left)
		}
	})
	return s
}

func TestAChildListensObeysAndEnds(t *testing.T) {
	s := newStage(t)
	p, err := s.Child(child.Origin, child.OriginOptions{Body: 10})
	if err != nil {
		t.Fatal(err)
	}
	get(t, p.Address+child.Fixed)
	var count int
	if err := p.Ask("count", &count); err != nil || count != 1 {
		t.Error(count, err)
	}
	if err := p.Ask("dance", nil); err == nil || err.Error() != `origin: dance: unknown verb "dance"` {
		t.Error(err)
	}
	if rss, err := p.RSS(); err != nil || rss < 1<<20 {
		t.Error(rss, err)
	}
	if cpu, err := p.CPU(); err != nil || cpu < 0 {
		t.Error(cpu, err)
	}
	if err := s.End(p); err != nil {
		t.Error(err)
	}
}

func get(t *testing.T, url string) *http.Response {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	resp, err := client.Get("http://" + url)
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	return resp
}

func TestAChildThatCannotStartTellsWhatItSaid(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Child(child.Bare, child.BareOptions{Response: "/nowhere"}); err == nil || !strings.Contains(err.Error(), "/nowhere: no such file") {
		t.Error(err)
	}
	if err := s.Close(); err == nil || !strings.Contains(err.Error(), "exit status 3") && !errors.Is(err, errEnded) {
		t.Error(err)
	}
}

func TestAChildThatDiesIsMissed(t *testing.T) {
	s, err := New()
	if err != nil {
		t.Fatal(err)
	}
	p, err := s.Child(child.Loop, child.LoopOptions{})
	if err != nil {
		t.Fatal(err)
	}
	_ = p.cmd.Process.Kill()
	<-p.done
	if err := p.Ask("sample", nil); err == nil || !strings.HasPrefix(err.Error(), "loop: ") {
		t.Error(err)
	}
	if err := s.Close(); !errors.Is(err, errEnded) {
		t.Error(err)
	}
}

func TestAChildThatDoesNotEndIsKilledWithItsOwnChildren(t *testing.T) {
	s := newStage(t)
	p, err := s.Child(rude, struct{}{})
	if err != nil {
		t.Skip(err) // no sleep(1) here
	}
	tree, err := proc.Tree(p.PID())
	if err != nil || len(tree) != 2 {
		t.Fatal(tree, err)
	}
	p.grace = 0
	if err := s.End(p); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Error(err)
	}
	if left, err := proc.Read(tree[1].PID); err == nil && left.State != 'Z' && left.Parent == p.PID() {
		t.Errorf("%+v", left)
	}
}

func TestPeersServeFromTheOriginAndEndWithTheirWorkers(t *testing.T) {
	for name, start := range map[string]func(s *Stage, origin string) (*Process, error){
		"nginx cache": func(s *Stage, origin string) (*Process, error) { return s.Nginx(t.Context(), origin, NginxCache) },
		"nginx pass":  func(s *Stage, origin string) (*Process, error) { return s.Nginx(t.Context(), origin, NginxPass) },
		"nginx forward": func(s *Stage, origin string) (*Process, error) {
			return s.Nginx(t.Context(), origin, NginxForward)
		},
		"varnish cache": func(s *Stage, origin string) (*Process, error) {
			return s.Varnish(t.Context(), origin, VarnishCache)
		},
		"haproxy cache": func(s *Stage, origin string) (*Process, error) {
			return s.HAProxy(t.Context(), origin, HAProxyCache)
		},
		"haproxy pass": func(s *Stage, origin string) (*Process, error) {
			return s.HAProxy(t.Context(), origin, HAProxyPass)
		},
		"varnish pass": func(s *Stage, origin string) (*Process, error) {
			return s.Varnish(t.Context(), origin, VarnishPass)
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t)
			origin, err := s.Child(child.Origin, child.OriginOptions{Body: 20})
			if err != nil {
				t.Fatal(err)
			}
			p, err := start(s, origin.Address)
			if errors.Is(err, ErrNotInstalled) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			if resp := get(t, p.Address+child.Fixed); resp.StatusCode != http.StatusOK || resp.ContentLength != 20 {
				t.Errorf("%+v", resp)
			}
			tree, err := proc.Tree(p.PID())
			if err != nil || len(tree) < 2 && p.Name != "haproxy" {
				t.Errorf("%+v, %v", tree, err)
			}
			if err := s.End(p); err != nil {
				t.Error(err)
			}
			for _, worker := range tree {
				if left, err := proc.Read(worker.PID); err == nil && left.State != 'Z' {
					t.Errorf("left running: %+v", left)
				}
			}
		})
	}
}

func TestNchanTellsItsSubscribersWhatIsPublished(t *testing.T) {
	s := newStage(t)
	p, err := s.Nchan(t.Context(), 10)
	if errors.Is(err, ErrNotInstalled) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.Post("http://"+p.Address+NchanPublish, "text/plain", strings.NewReader("news"))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	told := get(t, p.Address+NchanSubscribe)
	if resp.StatusCode/100 != 2 || told.StatusCode != http.StatusOK || told.ContentLength != 4 || told.Header.Get("ETag") == "" {
		t.Errorf("%+v, %+v", resp, told)
	}
}

func TestApartServersAndClientsShareNoCore(t *testing.T) {
	s := newStage(t)
	apart, err := s.Apart()
	if err != nil {
		t.Fatal(err)
	}
	if !apart {
		t.Skip("one core, or not Linux")
	}
	defer func() {
		if err := s.together(); err != nil {
			t.Error(err)
		}
		if got := coresOf(t, os.Getpid()); got != coresOf(t, os.Getppid()) {
			t.Errorf("left on the cores %s", got)
		}
	}()
	server, err := s.Child(child.Loop, child.LoopOptions{})
	if err != nil {
		t.Fatal(err)
	}
	origin, err := s.Child(child.Origin, child.OriginOptions{})
	if err != nil {
		t.Fatal(err)
	}
	ours := coresOf(t, os.Getpid())
	if theirs := coresOf(t, server.PID()); theirs == ours || coresOf(t, origin.PID()) != ours {
		t.Errorf("a server on %s, an origin on %s, and we on %s", theirs, coresOf(t, origin.PID()), ours)
	}
}

// coresOf is the cores that a process may use, as the kernel writes them.
func coresOf(t *testing.T, pid int) string {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	_, cores, _ := strings.Cut(string(text), "Cpus_allowed_list:")
	cores, _, _ = strings.Cut(cores, "\n")
	return strings.TrimSpace(cores)
}

func TestAPeerThatIsNotInstalledIsToldApartFromOneThatFails(t *testing.T) {
	s := newStage(t)
	if _, err := find("pollbench-no-such-program"); !errors.Is(err, ErrNotInstalled) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := s.peer(ctx, "sleep", "127.0.0.1:1", exec.Command("sleep", "1000")); !errors.Is(err, context.Canceled) && !errors.Is(err, exec.ErrNotFound) {
		t.Error(err)
	}
	if _, err := s.peer(t.Context(), "false", "127.0.0.1:1", exec.Command("false")); !errors.Is(err, errEnded) && !errors.Is(err, exec.ErrNotFound) {
		t.Error(err)
	}
}

func TestAStartOnAFreeAddressIsRepeatedIfItFailsForThat(t *testing.T) {
	tried := map[string]bool{}
	_, err := onFreeAddress(func(address string) (*Process, error) {
		tried[address] = true
		return nil, fmt.Errorf("taken: %w", errEnded)
	})
	if !errors.Is(err, errEnded) || len(tried) == 0 || len(tried) > starts {
		t.Error(tried, err)
	}
	other := errors.New("other")
	calls := 0
	if _, err := onFreeAddress(func(string) (*Process, error) { calls++; return nil, other }); !errors.Is(err, other) || calls != 1 {
		t.Error(calls, err)
	}
}

func TestAStagesFilesAreWhereItSays(t *testing.T) {
	s := newStage(t)
	dir, err := s.Dir("sub")
	if err != nil {
		t.Fatal(err)
	}
	file, err := s.File(filepath.Join("sub", "file"), []byte("text"))
	if text, readErr := os.ReadFile(file); err != nil || readErr != nil || string(text) != "text" || filepath.Dir(file) != dir {
		t.Error(file, err, readErr)
	}
}

func TestATailKeepsTheEndInOneLine(t *testing.T) {
	var said tail
	fmt.Fprint(&said, strings.Repeat("x", 2*tailSize))
	fmt.Fprint(&said, "\nthe  end\n")
	if text := said.String(); !strings.HasSuffix(text, "x the end") || len(text) > tailSize {
		t.Errorf("%d bytes: %.20q", len(text), text)
	}
}
