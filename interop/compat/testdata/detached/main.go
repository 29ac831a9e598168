// Two peers that use a data channel as a stream of messages, with an own
// certificate, settings and logger.
package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"log"
	"net"
	"time"

	"github.com/pion/datachannel"
	"github.com/pion/logging"
	"github.com/pion/webrtc/v4"
)

func connection(role webrtc.DTLSRole) (*webrtc.PeerConnection, error) {
	settings := webrtc.SettingEngine{LoggerFactory: logging.NewDefaultLoggerFactory()}
	settings.DetachDataChannels()
	settings.EnableDataChannelBlockWrite(true)
	settings.DisableCloseByDTLS(true)
	settings.SetICETimeouts(5*time.Second, 25*time.Second, 2*time.Second)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	settings.SetIPFilter(func(ip net.IP) bool { return ip.To4() != nil })
	settings.SetRemoteIPFilter(func(ip net.IP) bool { return !ip.IsMulticast() })
	settings.SetSCTPMaxReceiveBufferSize(8 << 20)
	if err := settings.SetAnsweringDTLSRole(role); err != nil {
		return nil, err
	}
	if err := settings.SetEphemeralUDPPortRange(40000, 40100); err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	certificate, err := webrtc.GenerateCertificate(key)
	if err != nil {
		return nil, err
	}
	return webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{
		Certificates: []webrtc.Certificate{*certificate},
	})
}

func copyMessages(name string, from datachannel.ReadWriteCloser, to io.Writer) {
	defer from.Close()
	buffer := make([]byte, 65536)
	for {
		n, isString, err := from.ReadDataChannel(buffer)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			log.Println(name, err)
			return
		}
		log.Println(name, n, isString)
		if _, err := to.Write(buffer[:n]); err != nil {
			return
		}
	}
}

func main() {
	a, err := connection(webrtc.DTLSRoleServer)
	if err != nil {
		log.Fatal(err)
	}
	b, err := connection(webrtc.DTLSRoleClient)
	if err != nil {
		log.Fatal(err)
	}
	for _, way := range [][2]*webrtc.PeerConnection{{a, b}, {b, a}} {
		way[0].OnICECandidate(func(c *webrtc.ICECandidate) {
			if c != nil {
				log.Println(way[1].AddICECandidate(c.ToJSON()))
			}
		})
	}
	negotiated, id := true, uint16(7)
	for _, pc := range []*webrtc.PeerConnection{a, b} {
		d, err := pc.CreateDataChannel("stream", &webrtc.DataChannelInit{Negotiated: &negotiated, ID: &id})
		if err != nil {
			log.Fatal(err)
		}
		d.OnOpen(func() {
			raw, err := d.Detach()
			if err != nil {
				log.Fatal(err)
			}
			go copyMessages(pc.ID(), raw, io.Discard)
			if _, err := raw.WriteDataChannel([]byte("hello"), true); err != nil {
				log.Println(err)
			}
		})
	}
	offer, err := a.CreateOffer(&webrtc.OfferOptions{ICERestart: false})
	if err == nil {
		err = errors.Join(a.SetLocalDescription(offer), b.SetRemoteDescription(offer))
	}
	if err != nil {
		log.Fatal(err)
	}
	answer, err := b.CreateAnswer(nil)
	if err == nil {
		err = errors.Join(b.SetLocalDescription(answer), a.SetRemoteDescription(answer))
	}
	if err != nil {
		log.Fatal(err)
	}
	time.Sleep(3 * time.Second)
	log.Println(a.GracefulClose(), b.Close())
}
