package stunserver

import (
	"net"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pion/stun/v4"
)

// ask sends a message to the server and returns what comes back.
func ask(t *testing.T, s *Server, m *stun.Message) (*stun.Message, netip.AddrPort) {
	t.Helper()
	conn, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(m.Raw); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1500)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	answer := &stun.Message{Raw: b[:n]}
	if err := answer.Decode(); err != nil {
		t.Fatal(err)
	}
	return answer, addrPort(conn.LocalAddr())
}

// The server tells who asks where the question came from, and the observer both
// halves.
func TestServerAnswers(t *testing.T) {
	var mu sync.Mutex
	var seen []Exchange
	s, err := Listen("127.0.0.1:0", func(e Exchange) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, e)
	})
	if err != nil {
		t.Fatal(err)
	}
	request := stun.MustBuild(stun.BindingRequest, stun.TransactionID)
	answer, me := ask(t, s, request)
	var mapped stun.XORMappedAddress
	if err := mapped.GetFrom(answer); err != nil {
		t.Fatal(err)
	}
	if got := mapped.String(); got != me.String() || answer.TransactionID != request.TransactionID {
		t.Errorf("the answer is %s, %v, want %s", got, answer, me)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	want := []Exchange{{Client: me}, {Client: me, Answer: true, Mapped: me}}
	if len(seen) != 2 || seen[0] != want[0] || seen[1] != want[1] {
		t.Errorf("the observer was told %+v, want %+v", seen, want)
	}
	if !strings.HasPrefix(s.URL(), "stun:127.0.0.1:") {
		t.Errorf("the URL is %q", s.URL())
	}
}

// Nobody can use the server as a relay.
func TestServerRelaysNothing(t *testing.T) {
	s, err := Listen("127.0.0.1:0", nil)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	conn, err := net.Dial("udp", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	allocate := stun.MustBuild(stun.NewType(stun.MethodAllocate, stun.ClassRequest), stun.TransactionID,
		stun.RawAttribute{Type: stun.AttrRequestedTransport, Value: []byte{17, 0, 0, 0}})
	if _, err := conn.Write(allocate.Raw); err != nil {
		t.Fatal(err)
	}
	// The server takes requests in order: once it has answered a question it has
	// dealt with the allocation.
	question := stun.MustBuild(stun.BindingRequest, stun.TransactionID)
	if _, err := conn.Write(question.Raw); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 1500)
	for {
		n, err := conn.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		m := &stun.Message{Raw: b[:n]}
		if err := m.Decode(); err != nil {
			t.Fatal(err)
		}
		if m.Type.Method == stun.MethodAllocate && m.Type.Class == stun.ClassSuccessResponse {
			t.Fatal("the server has allocated a relay")
		}
		if m.TransactionID == question.TransactionID {
			return
		}
	}
}

func TestListenFails(t *testing.T) {
	if _, err := Listen("192.0.2.77:0", nil); err == nil {
		t.Error("a server listens on an address that the host does not have")
	}
}
