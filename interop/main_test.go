package interop

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strings"
	"testing"
)

// namespaceEnv tells a test binary that it runs in the namespace already.
const namespaceEnv = "PARLEY_INTEROP_NAMESPACE"

// TestMain runs the tests in a network namespace with one interface that leads
// nowhere: Firefox gathers nothing on loopback alone, and no packet can leave.
func TestMain(m *testing.M) {
	if os.Getenv(namespaceEnv) != "" {
		code := m.Run()
		stopPeers()
		os.Exit(code)
	}
	if why := cannotIsolate(); why != "" {
		if required() {
			fmt.Fprintln(os.Stderr, "interop:", why)
			os.Exit(1)
		}
		fmt.Println("interop: all tests are skipped:", why)
		os.Exit(0)
	}
	code, err := isolated()
	if err != nil {
		fmt.Fprintln(os.Stderr, "interop:", err)
		code = 1
	}
	os.Exit(code)
}

// required tells whether a peer that is missing is a failure.
func required() bool { return os.Getenv("PARLEY_INTEROP_REQUIRED") != "" }

func cannotIsolate() string {
	if runtime.GOOS != "linux" || os.Geteuid() != 0 {
		return "network namespaces need Linux and root"
	}
	if _, err := exec.LookPath("ip"); err != nil {
		return "network namespaces need iproute2: " + err.Error()
	}
	return ""
}

// isolated runs this binary again inside a fresh namespace, which it removes
// afterwards.
func isolated() (code int, err error) {
	name := fmt.Sprintf("parley-%d", os.Getpid())
	if err := ip("netns", "add", name); err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, ip("netns", "del", name)) }()
	for _, args := range []string{
		"link set lo up",
		"link add parley0 type veth peer name parley1",
		"link set parley0 up",
		"link set parley1 up",
		"addr add 10.77.0.1/24 dev parley0",
		"addr add fd77::1/64 dev parley0 nodad",
		// Browsers look for a default route, and so does multicast.
		"route add default via 10.77.0.2",
	} {
		if err := ip(append([]string{"-n", name}, strings.Fields(args)...)...); err != nil {
			return 1, err
		}
	}
	interrupt := make(chan os.Signal, 1)
	signal.Notify(interrupt, os.Interrupt) // the child gets it too; the namespace has to go
	defer signal.Stop(interrupt)
	cmd := exec.Command("ip", append([]string{"netns", "exec", name, os.Args[0]}, os.Args[1:]...)...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), namespaceEnv+"="+name)
	if err := cmd.Run(); err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			return exit.ExitCode(), nil
		}
		return 1, err
	}
	return 0, nil
}

func ip(args ...string) error {
	if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
		return fmt.Errorf("ip %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
