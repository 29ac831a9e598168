// Package exampletest runs the examples that serve a page, in tests.
//
// A goroutine runs the example; it ends with the test.
package exampletest

import (
	"context"
	"io"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"
)

// Patience bounds each wait of a test.
const Patience = 30 * time.Second

// Start runs an example until the test ends and returns the address of its page,
// which it has to print.
func Start(t *testing.T, run func(ctx context.Context, stdout io.Writer) error) string {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	out := &output{address: make(chan string, 1), logf: t.Logf}
	ended := make(chan error, 1)
	go func() { ended <- run(ctx, out) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
		http.DefaultClient.CloseIdleConnections()
	})
	select {
	case address := <-out.address:
		return address
	case err := <-ended:
		ended <- nil
		t.Fatalf("run: %v", err)
	case <-time.After(Patience):
		t.Fatal("the program names no page")
	}
	return ""
}

// output takes what the program prints.
type output struct {
	address chan string
	once    sync.Once
	logf    func(string, ...any)
}

var pageAddress = regexp.MustCompile(`http://\S*`)

// Write logs what is printed and finds the address in it.
func (o *output) Write(b []byte) (int, error) {
	o.logf("%s", strings.TrimSpace(string(b)))
	if a := pageAddress.Find(b); a != nil {
		o.once.Do(func() { o.address <- string(a) })
	}
	return len(b), nil
}

// Eventually waits for a condition.
func Eventually(t *testing.T, what string, condition func() bool, explain func() string) {
	t.Helper()
	for deadline := time.Now().Add(Patience); !condition(); <-time.After(10 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("%s: not within %v: %s", what, Patience, explain())
		}
	}
}
