import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.File;
import org.openapitools.client.model.Operation;
import org.openapitools.client.model.OperationState;

/** Tells by the bodies alone which booking was made (the first file) and which is unknown (the second). */
class Check {
    public static void main(String[] files) throws Exception {
        ObjectMapper mapper = new ObjectMapper();
        Operation made = mapper.readValue(new File(files[0]), Operation.class);
        Operation open = mapper.readValue(new File(files[1]), Operation.class);
        require(made.getState() == OperationState.SUCCEEDED, "the first has not succeeded");
        require(made.getOrder() != null && made.getOrder().getOrderId() != null, "the first has no order");
        require(open.getState() == OperationState.UNKNOWN, "the second is not unknown");
        require(open.getOrder() == null, "the second has an order");
        System.out.println("Java: " + made.getOrder().getOrderId() + " was made, " + open.getId() + " is unknown");
    }

    private static void require(boolean holds, String otherwise) {
        if (!holds) {
            throw new AssertionError(otherwise);
        }
    }
}
