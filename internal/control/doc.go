// Package control is the local door of the agent: two objects on ubus, and the ways of the command line to the data model.
//
// A [Door] is such a way. [Direct] works on a tree of this process, [Client] asks the running agent over ubus; the
// methods of the object are a Direct with its arguments decoded.
//
// Object cwmp is ours. `ubus -v list cwmp` names the arguments:
//
//	status {}                          what the agent does, and what it still has to tell the ACS
//	sessions {}                        the last sessions, the newest last
//	inform {event}                     hold a session; event is an event code of TR-069, its number or its name
//	get {path | paths[], skip}         {parameters:[{path,value,type,writable}]}
//	names {path, next_level, skip}     {parameters:[{path,writable}]}
//	attrs {path | paths[], skip}       {parameters:[{path,notification,access_list}]}
//	attrs {path | paths[], notification}
//	set {path, value | values{}}       all or nothing
//	add {path}                         {instance,path} of the new row
//	del {path | paths[]}               all or nothing
//	apply {}                           send the reloads that are still owed, {reload:[packages]}
//	reload {}                          read configuration and data model again
//
// Paths are full names or end with a dot; "" is everything. What is hidden from an ACS is hidden here. An answer that
// would be too long for the bus ends with `next`, to be given as `skip` to get the rest. Writes are transactions like
// those of the ACS, but the router takes notice at once and not after a session.
//
// What is refused is answered with the fault that an ACS would get, {fault,message,errors:[{path,reason,message}]}, and
// with a status that makes the ubus command fail.
//
// Object tr069 is that of icwmp, method by method and in its shapes, so that scripts written for it go on working:
// status, inform, notify, command and dm. It answers faults as data with status 0.
//
// The package decodes and encodes; all logic is that of the tree, the CPE and the watcher.
package control
