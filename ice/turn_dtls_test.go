package ice

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"testing"

	"github.com/parleyrtc/webrtc/internal/simnet"
	"github.com/parleyrtc/webrtc/internal/udp"
)

// A bareClient is an association without secrets: what is delivered is read, and
// what is appended is sent.
type bareClient struct {
	send    func([][]byte) error
	in, out [][]byte
	refusal error
	hello   []byte
	closed  int
	sendErr error
	// storage, if there is any, is where the one message stays that has come last.
	storage []byte
}

func (c *bareClient) Handshake(ctx context.Context) error {
	if c.hello != nil {
		_ = c.send([][]byte{c.hello})
	}
	if errors.Is(c.refusal, context.DeadlineExceeded) {
		<-ctx.Done()
		return ctx.Err()
	}
	return c.refusal
}

func (c *bareClient) Deliver(b []byte) {
	if c.storage == nil {
		c.in = append(c.in, slices.Clone(b))
		return
	}
	c.in = append(c.in[:0], c.storage[:copy(c.storage, b)])
}

func (c *bareClient) EndBatch() {}
func (c *bareClient) Read(p []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.in[0])
	c.in = c.in[:copy(c.in, c.in[1:])]
	return n, nil
}
func (c *bareClient) Buffered() bool { return len(c.in) > 0 }
func (c *bareClient) Append(m []byte) error {
	if len(m) > 2048 {
		return errors.New("too long")
	}
	c.out = append(c.out, m)
	return nil
}
func (c *bareClient) Flush() {
	c.sendErr = c.send(c.out)
	c.out = c.out[:0]
}
func (c *bareClient) Close() error { c.closed++; return nil }

// bareLink is a link with such an association.
func bareLink(t testing.TB, conn udp.Conn) (*dtlsLink, *bareClient) {
	c := &bareClient{}
	dial := func(_ *tls.Config, send func([][]byte) error) (DTLSClient, error) {
		c.send = send
		return c, nil
	}
	l, err := dialDTLS(context.Background(), conn, testServer, dial, nil, func(func()) {})
	if err != nil {
		t.Fatal(err)
	}
	return l, c
}

// What comes from the server goes to the association, joined datagrams one by one,
// and nothing that comes from elsewhere.
func TestDTLSLinkReads(t *testing.T) {
	conn := &scriptedConn{in: []udp.Datagram{
		datagram([]byte("stranger"), testPeer),
		{Buf: []byte("onetwo3"), N: 7, SegmentSize: 3, Addr: testServer},
	}}
	l, c := bareLink(t, conn)
	l.run()
	if got := string(bytes.Join(c.in, []byte(" "))); got != "one two 3" || l.strangers() != 1 {
		t.Errorf("%q is delivered; %d strangers", got, l.strangers())
	}
	c.in = nil
	if _, _, err := l.next(); !errors.Is(err, net.ErrClosed) || !errors.Is(err, io.EOF) || !strings.Contains(err.Error(), "the association has ended") {
		t.Errorf("at the end: %v", err)
	}
	if l.stream() {
		t.Error("ChannelData over DTLS is padded")
	}
}

// A batch leaves in one call, and what is too long does not hold the rest up.
func TestDTLSLinkWrites(t *testing.T) {
	conn := &scriptedConn{keep: true}
	l, c := bareLink(t, conn)
	n, err := l.write([]udp.Datagram{datagram([]byte("one"), testServer), datagram(make([]byte, 3000), testServer), datagram([]byte("two"), testServer)})
	if n != 2 || err == nil || conn.calls != 1 || conn.to != testServer || len(conn.written) != 2 {
		t.Errorf("%d, %v, %d calls, %q", n, err, conn.calls, conn.written)
	}
	if l.close(); c.closed != 1 {
		t.Errorf("the association was closed %d times", c.closed)
	}
}

func TestPacketsOverDTLSDoNotAllocate(t *testing.T) {
	for name, d := range relayedPackets() {
		in := appendChannelData(nil, 0x4000, d.Buf, false)
		if name == "indication" {
			in = dataIndication(testOther, d.Buf)
		}
		l, client := bareLink(t, &scriptedConn{})
		client.storage = make([]byte, 2048)
		c := relayOver(&scriptedConn{})
		c.link = l
		out, read := []udp.Datagram{d}, []udp.Datagram{{Buf: make([]byte, udp.MaxJoined)}}
		if n := testing.AllocsPerRun(100, func() {
			if _, err := c.WriteBatch(out); err != nil || client.sendErr != nil {
				t.Error(err, client.sendErr)
			}
		}); n != 0 && !raceDetector {
			t.Errorf("%s: %v allocations for a packet out", name, n)
		}
		arrived := datagram(in, testServer)
		if n := testing.AllocsPerRun(100, func() {
			l.deliver(&arrived)
			if n, err := c.ReadBatch(read); n != 1 || err != nil || read[0].N != 1200 {
				t.Error(n, err, read[0].N)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations for a packet in", name, n)
		}
	}
}

// Associations that do not come about leave nothing behind and are reported.
func TestDTLSLinkErrors(t *testing.T) {
	for want, dial := range map[string]DTLSDialer{
		"no way to the server: DTLS: not to be trusted": func(_ *tls.Config, send func([][]byte) error) (DTLSClient, error) {
			return &bareClient{send: send, refusal: errors.New("not to be trusted")}, nil
		},
		"no way to the server: DTLS: context deadline exceeded": func(_ *tls.Config, send func([][]byte) error) (DTLSClient, error) {
			return &bareClient{send: send, refusal: context.DeadlineExceeded}, nil
		},
		"no way to the server: no certificate": func(*tls.Config, func([][]byte) error) (DTLSClient, error) {
			return nil, errors.New("no certificate")
		},
	} {
		scenario(t, func(t *testing.T, n *simnet.Network) {
			var name string
			g := gatherOn(t, n.Host("a", simnet.Addrs("192.0.2.1")), func(c *GathererConfig) {
				c.Servers, c.Policy = turnServers(t, "turns:198.51.100.1?transport=udp"), GatherRelay
				c.DTLS = func(config *tls.Config, send func([][]byte) error) (DTLSClient, error) {
					name = config.ServerName
					return dial(config, send)
				}
			})
			defer g.close()
			g.gather("uf")
			g.after(10e9)
			if text := fmt.Sprint(g.log); !strings.Contains(text, "error 701 turns:198.51.100.1?transport=udp: "+want) || name != "198.51.100.1" || len(g.sockets) != 0 {
				t.Errorf("%q is missing in %s; the name is %q", want, text, name)
			}
			if e, ok := g.events[len(g.events)-1].(GatheringStateChanged); !ok || e.State != GatheringStateComplete {
				t.Errorf("at last %v", g.events)
			}
		})
	}
}

// deadEnd is a socket without a route.
type deadEnd struct{ scriptedConn }

func (*deadEnd) WriteBatch([]udp.Datagram) (int, error) { return 0, errDeadEnd }

var errDeadEnd = errors.New("network is unreachable")

// A host that cannot reach the server learns it at once.
func TestDTLSWithoutARoute(t *testing.T) {
	client := &bareClient{hello: []byte("hello"), refusal: context.DeadlineExceeded}
	_, err := dialDTLS(context.Background(), &deadEnd{}, testServer, func(_ *tls.Config, send func([][]byte) error) (DTLSClient, error) {
		client.send = send
		return client, nil
	}, nil, func(func()) {})
	if !errors.Is(err, errDeadEnd) || client.closed != 1 {
		t.Errorf("%v; closed %d times", err, client.closed)
	}
}
