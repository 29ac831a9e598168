package main

import (
	"errors"
	"sync/atomic"
	"time"

	"github.com/pion/rtp"

	"github.com/parleyrtc/webrtc/bench/peer"
)

// packetPayload is the payload of a packet in the workloads of RTP, bytes.
const packetPayload = 1150

// vp8Frame is a key frame that is cut into n packets where one takes at least
// packetPayload bytes of a frame and less than 8/7 of that.
func vp8Frame(n int) []byte {
	frame := make([]byte, n*packetPayload)
	copy(frame, []byte{0x10, 0, 0, 0x9d, 0x01, 0x2a, 0x80, 0x02, 0xe0, 0x01}) // RFC 6386 §9.1: a key frame of 640×480
	return frame
}

// onTheWay is how many packets oneToOne sends ahead of what has arrived: fewer
// than a socket's buffer takes.
const onTheWay = 64

// oneToOne sends packets of a track to a reader in the same process, as fast as
// they are read.
func oneToOne(r *run) ([]figure, error) {
	track, err := r.library.NewPacketTrack()
	if err != nil {
		return nil, err
	}
	if err := r.connect(func(p peer.Peer) error { return p.Send(track) }); err != nil {
		return nil, err
	}
	packet := rtp.Packet{Header: rtp.Header{Version: 2, Marker: true}, Payload: vp8Frame(1)}
	var sent, lost float64
	play := func(until time.Time) error {
		for time.Now().Before(until) {
			if sent-lost-float64(r.near.tally.items.Load()) >= onTheWay {
				select {
				case <-r.near.arrived:
				case <-time.After(20 * time.Millisecond):
					lost = sent - float64(r.near.tally.items.Load()) // they have not come, and will not
				}
				continue
			}
			if err := track.WriteRTP(&packet); err != nil {
				return err
			}
			packet.SequenceNumber++
			packet.Timestamp += 3000
			sent++
		}
		return nil
	}
	if err := play(time.Now().Add(r.warmUp())); err != nil {
		return nil, err
	}
	before := sent
	var failure error
	near, far, err := r.between(func() { failure = play(time.Now().Add(r.window())) })
	if failure != nil || err != nil {
		return nil, errors.Join(failure, err)
	}
	if far.Items == 0 {
		return nil, errors.New("no packet has arrived in the window")
	}
	return []figure{
		{"rate", "packets/s", far.Items / far.Seconds},
		{"CPU, both ends", "µs per packet", near.CPU / far.Items * 1e6},
		{"allocations, both ends", "per packet", near.Mallocs / far.Items},
		{"arrived", "%", 100 * far.Items / (sent - before)},
	}, nil
}

// fanOut sends frames of one track to many receivers, as fast as the library takes
// them. The receivers only count, in another process; the sender's is measured.
func fanOut(r *run) ([]figure, error) {
	track, err := r.library.NewFrameTrack()
	if err != nil {
		return nil, err
	}
	n := r.count(r.connections)
	for range n {
		if err := r.connect(func(p peer.Peer) error { return p.Send(track) }); err != nil {
			return nil, err
		}
	}
	frame := vp8Frame(r.burst)
	var frames atomic.Int64
	stop, done := make(chan struct{}), make(chan error, 1)
	go func() {
		for {
			select {
			case <-stop:
				done <- nil
				return
			default:
			}
			if err := track.WriteFrame(frame, 33*time.Millisecond); err != nil {
				done <- err
				return
			}
			frames.Add(1)
		}
	}()
	time.Sleep(r.warmUp())
	before := frames.Load()
	near, far, err := r.between(func() { time.Sleep(r.window()) })
	packets := float64(frames.Load()-before) * float64(n*r.burst)
	close(stop)
	if failure := <-done; failure != nil || err != nil {
		return nil, errors.Join(failure, err)
	}
	if far.Items == 0 {
		return nil, errors.New("no packet has arrived in the window")
	}
	return []figure{
		{"sender's rate", "packets/s", packets / near.Seconds},
		{"sender's CPU", "µs per packet", near.CPU / packets * 1e6},
		{"sender's allocations", "per packet", near.Mallocs / packets},
		{"arrived", "%", 100 * far.Items / packets},
	}, nil
}

// receive gets packets at a steady rate from a sender in another process. The
// receiver's process is measured.
func receive(r *run) ([]figure, error) {
	err := r.connect(func(p peer.Peer) error {
		p.OnPackets(func(packet []byte) { r.tally.add(len(packet)) })
		return p.Receive()
	})
	if err != nil {
		return nil, err
	}
	if err := r.far.send(); err != nil {
		return nil, err
	}
	time.Sleep(r.warmUp())
	near, _, err := r.between(func() { time.Sleep(r.window()) })
	if err != nil {
		return nil, err
	}
	if near.Items == 0 {
		return nil, errors.New("no packet has arrived in the window")
	}
	return []figure{
		{"rate", "packets/s", near.Items / near.Seconds},
		{"receiver's CPU", "µs per packet", near.CPU / near.Items * 1e6},
		{"receiver's allocations", "per packet", near.Mallocs / near.Items},
	}, nil
}
