package soap

import "time"

// UnknownTime is how CWMP writes a time that is not known.
const UnknownTime = "0001-01-01T00:00:00Z"

// DateTime writes t as UTC; the zero time is UnknownTime.
func DateTime(t time.Time) string {
	if t.IsZero() {
		return UnknownTime
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}

// DeviceID says who we are, in every Inform the same (I-1).
type DeviceID struct{ Manufacturer, OUI, ProductClass, SerialNumber string }

// Event is one entry of Inform's Event array.
type Event struct{ Code, CommandKey string }

// Inform holds the arguments of Inform. The parameter list is streamed: see InformStart.
type Inform struct {
	Device      DeviceID
	Events      []Event
	CurrentTime string
	RetryCount  uint32
}

// InformStart writes an Inform up to its open ParameterList; ParameterValue is called for each parameter and
// InformEnd closes. MaxEnvelopes is always 1 (S-3).
func (e *Encoder) InformStart(m Inform) {
	e.Open("Inform")
	e.Start("DeviceId")
	e.Text("Manufacturer", Truncate(m.Device.Manufacturer, 64))
	e.Text("OUI", m.Device.OUI)
	e.Text("ProductClass", Truncate(m.Device.ProductClass, 64))
	e.Text("SerialNumber", Truncate(m.Device.SerialNumber, 64))
	e.Finish("DeviceId")
	e.List("Event", "cwmp:EventStruct")
	for _, ev := range m.Events {
		e.Item()
		e.Start("EventStruct")
		e.Text("EventCode", ev.Code)
		e.Text("CommandKey", ev.CommandKey)
		e.Finish("EventStruct")
	}
	e.EndList()
	e.Uint("MaxEnvelopes", 1)
	e.Text("CurrentTime", m.CurrentTime)
	e.Uint("RetryCount", uint64(m.RetryCount))
	e.List("ParameterList", "cwmp:ParameterValueStruct")
}

// InformEnd closes what InformStart opened.
func (e *Encoder) InformEnd() {
	e.EndList()
	e.Close()
}

// TransferComplete holds the arguments of TransferComplete; FaultCode 0 is success.
type TransferComplete struct {
	CommandKey      string
	FaultCode       int
	FaultString     string
	Start, Complete time.Time // zero: not known
}

// TransferComplete writes the call of that name.
func (e *Encoder) TransferComplete(m TransferComplete) {
	e.Open("TransferComplete")
	e.Text("CommandKey", m.CommandKey)
	e.transferEnd(m.FaultCode, m.FaultString, m.Start, m.Complete)
	e.Close()
}

func (e *Encoder) transferEnd(fault int, text string, start, complete time.Time) {
	e.Start("FaultStruct")
	e.Uint("FaultCode", uint64(fault))
	e.Text("FaultString", Truncate(text, 256))
	e.Finish("FaultStruct")
	e.Text("StartTime", DateTime(start))
	e.Text("CompleteTime", DateTime(complete))
}

// AutonomousTransfer holds the arguments of AutonomousTransferComplete.
type AutonomousTransfer struct {
	AnnounceURL, TransferURL string // "": there is none, or nobody knows
	IsDownload               bool
	FileType                 string
	FileSize                 uint32
	TargetFileName           string
	FaultCode                int       `json:",omitempty"`
	FaultString              string    `json:",omitempty"`
	Start, Complete          time.Time // zero: not known
}

// AutonomousTransferComplete writes the call of that name (1.1 and up).
func (e *Encoder) AutonomousTransferComplete(m AutonomousTransfer) {
	e.Open("AutonomousTransferComplete")
	e.Text("AnnounceURL", m.AnnounceURL)
	e.Text("TransferURL", m.TransferURL)
	e.Bool("IsDownload", m.IsDownload)
	e.Text("FileType", m.FileType)
	e.Uint("FileSize", uint64(m.FileSize))
	e.Text("TargetFileName", m.TargetFileName)
	e.transferEnd(m.FaultCode, m.FaultString, m.Start, m.Complete)
	e.Close()
}

// GetRPCMethods writes our question which methods the ACS knows.
func (e *Encoder) GetRPCMethods() { e.Empty("GetRPCMethods") }

// GetRPCMethodsResponse writes our list of methods.
func (e *Encoder) GetRPCMethodsResponse(methods []string) {
	e.Open("GetRPCMethodsResponse")
	e.Strings("MethodList", methods)
	e.Close()
}

// Status writes a response whose only argument is Status: 0 done, 1 committed and still to be applied.
func (e *Encoder) Status(method string, status int) {
	e.Open(method)
	e.Uint("Status", uint64(status))
	e.Close()
}

// AddObjectResponse writes the number of the new instance.
func (e *Encoder) AddObjectResponse(instance uint32, status int) {
	e.Open("AddObjectResponse")
	e.Uint("InstanceNumber", uint64(instance))
	e.Uint("Status", uint64(status))
	e.Close()
}

// TransferResponse writes the response of Download and Upload: always Status 1, the times are not known yet.
func (e *Encoder) TransferResponse(method string) {
	e.Open(method)
	e.Uint("Status", 1)
	e.Text("StartTime", UnknownTime)
	e.Text("CompleteTime", UnknownTime)
	e.Close()
}

// RequestDownload holds the arguments of RequestDownload; Args are names and values.
type RequestDownload struct {
	FileType string
	Args     [][2]string
}

// RequestDownload writes the call of that name.
func (e *Encoder) RequestDownload(m RequestDownload) {
	e.Open("RequestDownload")
	e.Text("FileType", m.FileType)
	e.List("FileTypeArg", "cwmp:ArgStruct")
	for _, a := range m.Args {
		e.Item()
		e.Start("ArgStruct")
		e.Text("Name", a[0])
		e.Text("Value", a[1])
		e.Finish("ArgStruct")
	}
	e.EndList()
	e.Close()
}

// A DUResult is how one operation on a deployment unit ended; FaultCode 0 is success.
type DUResult struct {
	UUID, Version   string
	Ref             string    `json:",omitempty"` // path of the deployment unit
	Operation       string    `json:",omitempty"` // Install, Update or Uninstall
	FaultCode       int       `json:",omitempty"`
	FaultString     string    `json:",omitempty"`
	Start, Complete time.Time // zero: not known
}

// state is what the unit is in afterwards.
func (r DUResult) state() string {
	switch {
	case r.FaultCode != 0:
		return "Failed"
	case r.Operation == "Uninstall":
		return "Uninstalled"
	}
	return "Installed"
}

// DUStateChangeComplete writes the call of that name (1.2 and up).
func (e *Encoder) DUStateChangeComplete(results []DUResult, commandKey string) {
	e.Open("DUStateChangeComplete")
	e.duResults(results, false)
	e.Text("CommandKey", commandKey)
	e.Close()
}

// AutonomousDUStateChangeComplete writes the call of that name (1.2 and up).
func (e *Encoder) AutonomousDUStateChangeComplete(results []DUResult) {
	e.Open("AutonomousDUStateChangeComplete")
	e.duResults(results, true)
	e.Close()
}

func (e *Encoder) duResults(results []DUResult, autonomous bool) {
	for _, r := range results {
		e.Start("Results")
		e.Text("UUID", r.UUID)
		e.Text("DeploymentUnitRef", r.Ref)
		e.Text("Version", r.Version)
		e.Text("CurrentState", r.state())
		e.Bool("Resolved", r.FaultCode == 0)
		e.Text("ExecutionUnitRefList", "")
		e.Text("StartTime", DateTime(r.Start))
		e.Text("CompleteTime", DateTime(r.Complete))
		e.Start("Fault")
		e.Uint("FaultCode", uint64(r.FaultCode))
		e.Text("FaultString", r.FaultString)
		e.Finish("Fault")
		if autonomous {
			e.Text("OperationPerformed", r.Operation)
		}
		e.Finish("Results")
	}
}

// A QueuedTransfer is one entry of the lists of transfers.
type QueuedTransfer struct {
	CommandKey     string
	State          int // 1 not yet started, 2 in progress, 3 completed
	Download       bool
	FileType       string
	FileSize       uint32
	TargetFileName string
}

// QueuedTransfersResponse writes the response of GetQueuedTransfers.
func (e *Encoder) QueuedTransfersResponse(list []QueuedTransfer) {
	e.Open("GetQueuedTransfersResponse")
	e.List("TransferList", "cwmp:QueuedTransferStruct")
	for _, t := range list {
		e.Item()
		e.Start("QueuedTransferStruct")
		e.Text("CommandKey", t.CommandKey)
		e.Uint("State", uint64(t.State))
		e.Finish("QueuedTransferStruct")
	}
	e.EndList()
	e.Close()
}

// AllQueuedTransfersResponse writes the response of GetAllQueuedTransfers (1.1 and up).
func (e *Encoder) AllQueuedTransfersResponse(list []QueuedTransfer) {
	e.Open("GetAllQueuedTransfersResponse")
	e.List("TransferList", "cwmp:AllQueuedTransferStruct")
	for _, t := range list {
		e.Item()
		e.Start("AllQueuedTransferStruct")
		e.Text("CommandKey", t.CommandKey)
		e.Uint("State", uint64(t.State))
		e.Bool("IsDownload", t.Download)
		e.Text("FileType", t.FileType)
		e.Uint("FileSize", uint64(t.FileSize))
		e.Text("TargetFileName", t.TargetFileName)
		e.Finish("AllQueuedTransferStruct")
	}
	e.EndList()
	e.Close()
}

// A ParamFault is one SetParameterValuesFault.
type ParamFault struct {
	Name    string
	Code    int
	Message string
}

// Fault holds a CWMP fault that we send.
type Fault struct {
	Client  bool // whose problem it is: the asker's (Client) or ours (Server)
	Code    int
	Message string
	Params  []ParamFault // SetParameterValues only
}

// Fault writes a SOAP fault with its CWMP detail (4.1).
func (e *Encoder) Fault(f Fault) {
	who := "Server"
	if f.Client {
		who = "Client"
	}
	e.Start("soap-env:Fault")
	e.Text("faultcode", who)
	e.Text("faultstring", "CWMP fault")
	e.raw("<detail><cwmp:Fault>")
	e.Uint("FaultCode", uint64(f.Code))
	e.Text("FaultString", f.Message)
	for _, p := range f.Params {
		e.Start("SetParameterValuesFault")
		e.Text("ParameterName", p.Name)
		e.Uint("FaultCode", uint64(p.Code))
		e.Text("FaultString", p.Message)
		e.Finish("SetParameterValuesFault")
	}
	e.raw("</cwmp:Fault></detail>")
	e.Finish("soap-env:Fault")
}

// MustUnderstandFault writes the SOAP fault that answers a header which we had to understand and did not.
func (e *Encoder) MustUnderstandFault(header string) {
	e.Start("soap-env:Fault")
	e.Text("faultcode", "soap-env:MustUnderstand")
	e.Text("faultstring", "header not understood: "+Truncate(header, 64))
	e.Finish("soap-env:Fault")
}
