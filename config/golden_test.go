package config_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pollmux/pollmux/config"
)

const testdata = "../testdata/config"

// setTestEnv gives the files in testdata the variables that they name.
func setTestEnv(t *testing.T) {
	t.Setenv("POLLMUX_TEST_HOST", "example.com")
	t.Setenv("POLLMUX_TEST_HUNDRED", "100")
	t.Setenv("POLLMUX_TEST_LIST", "[a, b]")
	t.Setenv("POLLMUX_TEST_TRUE", "true")
	t.Setenv("POLLMUX_TEST_EMPTY", "")
}

// files returns the names of the files in testdata that match a glob.
func files(t testing.TB, glob string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(testdata, glob))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no %s: %v", glob, err)
	}
	for i := range paths {
		paths[i] = filepath.Base(paths[i])
	}
	return paths
}

// TestEveryInvalidFileIsReportedInTheseWords compares with the .txt file beside
// each .yaml file: what pollmux check prints, line by line. After a change of
// words, run it with POLLMUX_UPDATE=1 and read the difference.
func TestEveryInvalidFileIsReportedInTheseWords(t *testing.T) {
	setTestEnv(t)
	names := files(t, "invalid-*.yaml")
	t.Chdir(testdata)
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			golden := strings.TrimSuffix(name, ".yaml") + ".txt"
			c, err := config.Load(name)
			if c != nil {
				t.Errorf("an invalid file gave a configuration")
			}
			got := problems(t, err).Error() + "\n"
			if os.Getenv("POLLMUX_UPDATE") != "" {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%swant\n%s", got, want)
			}
		})
	}
}

func TestEveryGoldenFileHasItsInvalidFile(t *testing.T) {
	for _, golden := range files(t, "invalid-*.txt") {
		yaml := strings.TrimSuffix(golden, ".txt") + ".yaml"
		if _, err := os.Stat(filepath.Join(testdata, yaml)); err != nil {
			t.Error(err)
		}
	}
}

func TestEveryValidFileLoadsAndValidatesAgain(t *testing.T) {
	setTestEnv(t)
	for _, name := range files(t, "valid-*.yaml") {
		t.Run(name, func(t *testing.T) {
			c, err := config.Load(filepath.Join(testdata, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := c.Validate(); err != nil {
				t.Errorf("loaded, but: %v", err)
			}
		})
	}
}

// problems returns an error as what it has to be.
func problems(t testing.TB, err error) config.Problems {
	t.Helper()
	ps, ok := errors.AsType[config.Problems](err)
	if !ok || len(ps) == 0 {
		t.Fatalf("got %v, want problems", err)
	}
	return ps
}
