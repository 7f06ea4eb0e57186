// An OPC UA server of another making: node server.mjs FOLDER PORT ITEMS
// It has Machines/cnc-1/Monitoring with the variables of the tests, and Machines/many/Monitoring with ITEMS numbers.
// Each line of standard input is an order, answered by a line "done": {"set": name, "value": ..., "status": ...},
// {"burst": name, "count": n} for that many values in quick succession, {"status"} for the number of sessions and of CreateSession requests.
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import { OPCUACertificateManager } from "node-opcua-certificate-manager";
import { nodesets } from "node-opcua-nodesets";
import { OPCUAServer } from "node-opcua-server";
import { StatusCodes } from "node-opcua-status-code";
import { DataType, Variant, VariantArrayType } from "node-opcua-variant";

const [folder, port, items] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const certificates = new OPCUACertificateManager({ rootFolder: `${folder}/pki`, automaticallyAcceptUnknownCertificate: true });
await certificates.initialize();
const server = new OPCUAServer({
  port,
  host: "127.0.0.1",
  nodeset_filename: [nodesets.standard, new URL("types.xml", import.meta.url).pathname],
  serverInfo: { applicationUri: "urn:test:node-server" },
  serverCertificateManager: certificates,
  userCertificateManager: certificates,
  serverCapabilities: { minSupportedSampleRate: 0, operationLimits: { maxMonitoredItemsPerCall: 400, maxNodesPerRead: 400, maxNodesPerBrowse: 100 } },
});
await server.initialize();
const { addressSpace } = server.engine;
const namespace = addressSpace.registerNamespace("urn:test:machine");
const machines = namespace.addFolder("ObjectsFolder", { browseName: "Machines" });

function machine(name, variables) {
  const monitoring = namespace.addObject({
    browseName: "Monitoring",
    componentOf: namespace.addObject({ browseName: name, organizedBy: machines }),
  });
  const made = {};
  for (const [browseName, [dataType, value]] of Object.entries(variables)) {
    made[browseName] = namespace.addVariable({ browseName, componentOf: monitoring, dataType, minimumSamplingInterval: 0 });
    made[browseName].setValueFromSource({ dataType, value });
  }
  return made;
}

const cnc = machine("cnc-1", {
  State: [DataType.Int32, 20],
  Speed: [DataType.Double, 8000.5],
  Load: [DataType.UInt16, 423],
  Parts: [DataType.UInt32, 4_000_000_000],
  WarmUp: [DataType.Boolean, true],
  Program: [DataType.String, "O1001"],
});
machine("many", Object.fromEntries([...Array(items).keys()].map((n) => [`Value${n}`, [DataType.Double, n]])));

const axisType = addressSpace.findDataType("Axis", addressSpace.getNamespaceIndex("urn:test:types"));
const axis = (torque) => ({
  dataType: DataType.ExtensionObject,
  value: addressSpace.constructExtensionObject(axisType, {
    ...(torque === undefined ? {} : { torque }),
    label: "X1",
    loads: [0.25, 0.5],
    actual: { x: 1.5, y: -2.5 },
    speed: 250,
  }),
});
const axes = namespace.addObject({ browseName: "axes", organizedBy: machines });
for (const [browseName, value] of Object.entries({ Full: axis(12.5), Without: axis(undefined) })) {
  namespace.addVariable({ browseName, componentOf: axes, dataType: axisType.nodeId }).setValueFromSource(value);
}

// A record as Part 8 has it: 51,200 samples of 25,600 Hz, of which sample n is sin(n / 10).
const samples = Float32Array.from({ length: 51_200 }, (_, n) => Math.sin(n / 10));
const record = { dataType: DataType.Float, arrayType: VariantArrayType.Array, value: samples };
const second = { namespaceUri: "http://www.opcfoundation.org/UA/units/un/cefact", unitId: 5457219, displayName: "s", description: "second" };
const linear = 0;
const wave = namespace.addYArrayItem({
  browseName: { name: "Wave", namespaceIndex: namespace.index },
  componentOf: cnc.Speed.parent,
  title: "Acceleration",
  engineeringUnitsRange: { low: -1, high: 1 },
  axisScaleType: "Linear",
  xAxisDefinition: { engineeringUnits: second, euRange: { low: 0, high: 51_199 / 25_600 }, title: "Time", axisScaleType: linear, axisSteps: null },
  dataType: DataType.Float,
  value: record,
});
wave.setValueFromSource(record, StatusCodes.Good, new Date("2026-11-26T10:00:00.125Z"));

let sessions = 0;
server.on("create_session", () => (sessions += 1));
await server.start();
console.log("ready");

const orders = {
  set({ set, value, status = "Good" }) {
    const variable = cnc[set];
    variable.setValueFromSource(new Variant({ dataType: variable.dataType.value, value }), StatusCodes[status]);
  },
  async burst({ burst, count }) {
    for (let n = 0; n < count; n += 1) {
      orders.set({ set: burst, value: n });
      await setTimeout(2); // one millisecond is the resolution of its times
    }
  },
  status() {
    return `status ${server.engine.currentSessionCount} ${sessions}`;
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const order = JSON.parse(line);
  console.log((await orders[Object.keys(order)[0]](order)) ?? "done");
}
await server.shutdown(100); // with a goodbye
process.exit(0);
