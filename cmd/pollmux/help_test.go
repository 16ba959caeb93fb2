package main

import (
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestEveryCommandHasHelpWithAnExample(t *testing.T) {
	root := newRoot()
	root.SetOut(io.Discard)
	addCompletion(root)
	addHelp(root)
	example := regexp.MustCompile(`Examples:\n  .*\bpollmux`)
	seen := map[string]bool{}
	eachCommand(root, func(cmd *cobra.Command) {
		seen[cmd.CommandPath()] = true
		path := strings.Fields(cmd.CommandPath())[1:]
		code, stdout, stderr := runLine(t, append(path, "--help")...)
		if code != 0 || stderr != "" || !example.MatchString(stdout) || strings.Contains(stdout, "`") {
			t.Errorf("%v: exit %d, %q\n%s", path, code, stderr, stdout)
		}
		if _, again, _ := runLine(t, append([]string{"help"}, path...)...); again != stdout {
			t.Errorf("help %v differs from its --help:\n%s", path, again)
		}
	})
	for _, path := range []string{"pollmux", "pollmux serve", "pollmux check", "pollmux analyze", "pollmux demo", "pollmux explain", "pollmux report", "pollmux top", "pollmux version", "pollmux ready", "pollmux help", "pollmux completion", "pollmux completion bash", "pollmux completion fish", "pollmux completion powershell", "pollmux completion zsh"} {
		if !seen[path] {
			t.Errorf("there is no %s", path)
		}
	}
}

func eachCommand(cmd *cobra.Command, visit func(*cobra.Command)) {
	visit(cmd)
	for _, sub := range cmd.Commands() {
		eachCommand(sub, visit)
	}
}

func TestEveryShellHasItsCompletions(t *testing.T) {
	for shell := range shells {
		code, stdout, stderr := runLine(t, "completion", shell)
		if code != 0 || stderr != "" || !strings.Contains(stdout, "__pollmux_debug") {
			t.Errorf("%s: exit %d, %q, %.200s", shell, code, stderr, stdout)
		}
	}
	for line, want := range map[string]string{"explain --method G": "GET\n", "explain ": ":4\n", "top ": ":4\n", "report ": ":4\n"} {
		args := strings.Split(line, " ")
		if code, stdout, _ := runLine(t, append([]string{"__complete"}, args...)...); code != 0 || !strings.HasPrefix(stdout, want) {
			t.Errorf("%s: completed to %q, exit %d", line, stdout, code)
		}
	}
	if code, stdout, _ := runLine(t, "__complete", "help", "ser"); code != 0 || !strings.HasPrefix(stdout, "serve\t") {
		t.Errorf("completed to %q, exit %d", stdout, code)
	}
}
