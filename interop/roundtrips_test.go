package interop

import (
	"net"
	"regexp"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	pion "github.com/pion/webrtc/v4"

	"github.com/parleyrtc/webrtc"
)

// An end is a connection with one negotiated channel, by whatever library.
type end struct {
	offer  func() (string, error)             // with all candidates
	answer func(offer string) (string, error) // likewise
	accept func(answer string) error
	send   func(string) error
	opened chan struct{}
	got    chan time.Time // when a message came
	close  func()
}

// TestRoundTripsBesideOthers counts the round trips from the answer's arrival to the
// first message over a relay that takes 50 ms each way, for both ends of one library.
func TestRoundTripsBesideOthers(t *testing.T) {
	ours := func(change func(*webrtc.SettingEngine)) func() (*end, error) {
		return func() (*end, error) { return parleyEnd(change) }
	}
	theirs := func(snap bool) func() (*end, error) { return func() (*end, error) { return pionEnd(snap) } }
	for _, c := range []struct {
		name string
		make func() (*end, error)
	}{
		{"parley", ours(func(*webrtc.SettingEngine) {})},
		{"parley, DTLS in the checks", ours(func(e *webrtc.SettingEngine) { e.EnableDTLSInSTUN(true) })},
		{"parley, no INIT chunks", ours(func(e *webrtc.SettingEngine) { e.EnableSctpSnap(false) })},
		{"pion", theirs(false)},
		{"pion, EnableSctpSnap", theirs(true)},
	} {
		var trips [2][]float64
		for range 5 {
			for first := range trips {
				trips[first] = append(trips[first], measureTrips(t, c.make, first == 0))
			}
		}
		for first := range trips {
			slices.Sort(trips[first])
		}
		t.Logf("%-28s offerer first %.2f, answerer first %.2f (medians of 5)", c.name, trips[0][2], trips[1][2])
	}
}

const relayDelay = 50 * time.Millisecond

// measureTrips connects two ends and returns the round trips.
func measureTrips(t *testing.T, make func() (*end, error), offererFirst bool) float64 {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	a, err := make()
	must(err)
	defer a.close()
	b, err := make()
	must(err)
	defer b.close()
	offer, err := a.offer()
	must(err)
	r, err := newRelay(portOf(offer))
	must(err)
	defer r.close()
	answer, err := b.answer(withPort(offer, r.ports[1]))
	must(err)
	r.learn(portOf(answer))
	time.Sleep(relayDelay)
	begun := time.Now()
	must(a.accept(withPort(answer, r.ports[0])))
	sender, receiver := a, b
	if !offererFirst {
		sender, receiver = b, a
	}
	select {
	case <-sender.opened:
	case <-time.After(20 * time.Second):
		t.Fatal("the channel does not open")
	}
	must(sender.send("hello"))
	select {
	case at := <-receiver.got:
		return float64(at.Sub(begun)) / float64(2*relayDelay)
	case <-time.After(20 * time.Second):
		t.Fatal("the message does not come")
	}
	return 0
}

var hostPort = regexp.MustCompile(`127\.0\.0\.1 (\d+) typ host`)

func portOf(sdp string) int {
	port := 0
	if m := hostPort.FindStringSubmatch(sdp); m != nil {
		port, _ = strconv.Atoi(m[1])
	}
	return port
}

func withPort(sdp string, port int) string {
	return hostPort.ReplaceAllString(sdp, "127.0.0.1 "+strconv.Itoa(port)+" typ host")
}

// A relay has a port for either end, and passes what comes on the one on to the other
// end, later.
type relay struct {
	sockets [2]*net.UDPConn
	ports   [2]int
	mu      sync.Mutex // guards ends
	ends    [2]*net.UDPAddr
}

func newRelay(first int) (*relay, error) {
	r := &relay{}
	r.ends[0] = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: first}
	for i := range r.sockets {
		s, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			return nil, err
		}
		r.sockets[i], r.ports[i] = s, s.LocalAddr().(*net.UDPAddr).Port
	}
	for i := range r.sockets {
		go r.pass(i)
	}
	return r, nil
}

func (r *relay) learn(second int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ends[1] = &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1), Port: second}
}

// pass moves what end i sends to the other, in order and from the port that the other
// knows.
func (r *relay) pass(i int) {
	type packet struct {
		due  time.Time
		data []byte
	}
	queue := make(chan packet, 1<<12)
	defer close(queue)
	go func() {
		for p := range queue {
			time.Sleep(time.Until(p.due))
			r.mu.Lock()
			to := r.ends[1-i]
			r.mu.Unlock()
			if to != nil {
				_, _ = r.sockets[1-i].WriteToUDP(p.data, to)
			}
		}
	}()
	for {
		buf := make([]byte, 2048)
		n, from, err := r.sockets[i].ReadFromUDP(buf)
		if err != nil {
			return
		}
		if i == 1 {
			r.learn(from.Port) // it may be faster than its answer
		}
		queue <- packet{time.Now().Add(relayDelay), buf[:n]}
	}
}

func (r *relay) close() {
	for _, s := range r.sockets {
		_ = s.Close()
	}
}

func onlyLoopback(name string) bool { return name == "lo" }

func parleyEnd(change func(*webrtc.SettingEngine)) (*end, error) {
	var settings webrtc.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(onlyLoopback)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	change(&settings)
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return nil, err
	}
	negotiated, id := true, uint16(1)
	d, err := pc.CreateDataChannel("first", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
	if err != nil {
		return nil, err
	}
	e := &end{send: d.SendText, opened: make(chan struct{}), got: make(chan time.Time, 1), close: func() { _ = pc.Close() }}
	d.OnOpen(func() { close(e.opened) })
	d.OnMessage(func(webrtc.DataChannelMessage) { e.got <- time.Now() })
	set := func(d webrtc.SessionDescription, err error) (string, error) {
		if err != nil {
			return "", err
		}
		gathered := webrtc.GatheringCompletePromise(pc)
		if err := pc.SetLocalDescription(d); err != nil {
			return "", err
		}
		<-gathered
		return pc.LocalDescription().SDP, nil
	}
	e.offer = func() (string, error) { return set(pc.CreateOffer(nil)) }
	e.answer = func(offer string) (string, error) {
		if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: offer}); err != nil {
			return "", err
		}
		return set(pc.CreateAnswer(nil))
	}
	e.accept = func(answer string) error {
		return pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeAnswer, SDP: answer})
	}
	return e, nil
}

func pionEnd(snap bool) (*end, error) {
	var settings pion.SettingEngine
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetInterfaceFilter(onlyLoopback)
	settings.SetNetworkTypes([]pion.NetworkType{pion.NetworkTypeUDP4})
	settings.EnableSctpSnap(snap)
	pc, err := pion.NewAPI(pion.WithSettingEngine(settings)).NewPeerConnection(pion.Configuration{})
	if err != nil {
		return nil, err
	}
	negotiated, id := true, uint16(1)
	d, err := pc.CreateDataChannel("first", &pion.DataChannelInit{Negotiated: &negotiated, ID: &id})
	if err != nil {
		return nil, err
	}
	e := &end{send: d.SendText, opened: make(chan struct{}), got: make(chan time.Time, 1), close: func() { _ = pc.Close() }}
	d.OnOpen(func() { close(e.opened) })
	d.OnMessage(func(pion.DataChannelMessage) { e.got <- time.Now() })
	set := func(d pion.SessionDescription, err error) (string, error) {
		if err != nil {
			return "", err
		}
		gathered := pion.GatheringCompletePromise(pc)
		if err := pc.SetLocalDescription(d); err != nil {
			return "", err
		}
		<-gathered
		return pc.LocalDescription().SDP, nil
	}
	e.offer = func() (string, error) { return set(pc.CreateOffer(nil)) }
	e.answer = func(offer string) (string, error) {
		if err := pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeOffer, SDP: offer}); err != nil {
			return "", err
		}
		return set(pc.CreateAnswer(nil))
	}
	e.accept = func(answer string) error {
		return pc.SetRemoteDescription(pion.SessionDescription{Type: pion.SDPTypeAnswer, SDP: answer})
	}
	return e, nil
}
